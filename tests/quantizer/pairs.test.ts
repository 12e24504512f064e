import { DequantizeLinear, type Model, QuantizeLinear, runPasses } from '@octavo/core/ir';
import { fromNumbers, type Tensor } from '@octavo/core/tensor';
import { loadOnnx } from '@octavo/formats/node';
import { foldQdq } from '@octavo/passes';
import { quantizeModel } from '@octavo/quantizer';
import { createOnnxRuntimeSession } from '@octavo/runtime/onnxruntime';
import { describe, expect, it } from 'vitest';
import { testData } from '../../packages/formats/tests/test-data.node.js';
import { optimizedByOnnxRuntime } from './optimized-graph.js';

const data = testData();

/**
 * Crossings from float to integers that each model needs (its input, or one for each value that products read), those
 * back where convolutions end, and what onnxruntime dequantizes for ops that it has no integers for.
 */
const CROSSINGS: readonly [path: string, quantized: number, dequantized: number, inOnnxRuntime: number][] = [
  ['vision/mnist_cntk/mnist.onnx', 1, 0, 0],
  ['vision/mlperf_tiny/kws_dscnn.onnx', 1, 0, 0],
  ['vision/mlperf_tiny/resnet8_cifar10.onnx', 1, 0, 0],
  // onnxruntime pads in float.
  ['vision/cifar_resnet/resnet20_cifar10.onnx', 1, 0, 2],
  // Three convolutions end in float, and one value is padded.
  ['vision/fastestdet/FastestDet.onnx', 1, 3, 4],
  ['vision/ultraface/version-slim-320.onnx', 1, 8, 8],
  // Three blocks of four products, and the head; normalization, attention and GELU between them stay float.
  ['lm/gpt_nano_sort/gpt_nano_sort.onnx', 13, 0, 0],
  // Five blocks: query, key and value read one value, gate and up another, then two products; and the head.
  ['lm/stories260K/stories260K.onnx', 21, 0, 0],
];

/** In onnxruntime's own names. */
const PRODUCTS = /Conv|MatMul|Gemm/;
const INTEGER_PRODUCTS: ReadonlySet<string> = new Set([
  'QLinearConv',
  'MatMulIntegerToFloat',
  'QLinearMatMul',
  'QGemm',
]);

/** Some input of each model; open dimensions are 2. */
function feedsOf({ graph }: Model): Record<string, Tensor> {
  const inputs = graph.inputs.filter((value) => !value.constant);
  return Object.fromEntries(
    inputs.map(({ name, dtype = 'float32', shape = [] }) => {
      const dims = shape.map((dim) => (typeof dim === 'number' ? dim : 2));
      const size = dims.reduce((product, dim) => product * dim, 1);
      const values = Array.from({ length: size }, (_, i) => (dtype === 'float32' ? Math.sin(13 * i) : i % 3));
      return [name, fromNumbers(dtype, dims, values)];
    }),
  );
}

/** A model quantized on one sample. */
async function quantized(path: string): Promise<Model> {
  const source = await loadOnnx(`${data}/${path}`);
  const { model } = await quantizeModel(source, {
    recipe: { leastSqnr: 0 },
    calibration: [{ feeds: feedsOf(source) }],
    createSession: (float, { taps }) => createOnnxRuntimeSession(float, { taps }),
  });
  return model;
}

describe.skipIf(!data)('the Q/DQ pairs of quantized models', () => {
  it.each(CROSSINGS)(
    'all become integer ops of %s, but for %d crossings from float and %d to it',
    async (path, fromFloat, toFloat) => {
      const { graph } = await quantized(path);
      await runPasses(graph, [foldQdq]);
      const dequantizers = graph.nodes.filter((node) => DequantizeLinear.is(node));
      expect(dequantizers.map(({ inputs }) => inputs[0]?.producer?.op.name)).toEqual(
        Array.from({ length: toFloat }, () => 'Conv'),
      );
      const quantizers = graph.nodes.filter((node) => QuantizeLinear.is(node));
      expect(quantizers).toHaveLength(fromFloat);
      for (const { inputs, output } of quantizers) {
        expect(inputs[0]?.producer?.inputs.some((value) => value?.quantized) ?? false).toBe(false);
        expect(
          output?.users.map((user) => user.op.name).filter((op) => !/^(Conv|MatMul|Gemm)$/.test(op)),
        ).toEqual([]);
      }
    },
  );

  it.each(CROSSINGS)(
    'leave no product with constant weights in float when onnxruntime has optimized %s',
    async (path, _, __, dequantized) => {
      const { nodes } = await optimizedByOnnxRuntime(await quantized(path));
      const products = nodes.filter(
        ({ op, inputs }) => PRODUCTS.test(op.name) && inputs.some((each) => each?.constant),
      );
      expect(products.length).toBeGreaterThan(0);
      expect(products.map(({ op }) => op.name).filter((op) => !INTEGER_PRODUCTS.has(op))).toEqual([]);
      expect(nodes.filter((node) => DequantizeLinear.is(node))).toHaveLength(dequantized);
    },
  );
});
