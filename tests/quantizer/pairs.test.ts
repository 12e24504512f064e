import { cloneModel, DequantizeLinear, type Model, QuantizeLinear, runPasses } from '@octavo/core/ir';
import { fromNumbers, type Tensor } from '@octavo/core/tensor';
import { loadOnnx } from '@octavo/formats/node';
import { foldQdq } from '@octavo/passes';
import { quantizeModel } from '@octavo/quantizer';
import { createOnnxRuntimeSession } from '@octavo/runtime/onnxruntime';
import { describe, expect, it } from 'vitest';
import { testData } from '../../packages/formats/tests/test-data.node.js';

const data = testData();

/** Crossings from float to integers that each model needs: its input, or one for each value that products read. */
const CROSSINGS: readonly [path: string, crossings: number][] = [
  ['vision/mnist_cntk/mnist.onnx', 1],
  ['vision/mlperf_tiny/kws_dscnn.onnx', 1],
  ['vision/mlperf_tiny/resnet8_cifar10.onnx', 1],
  ['vision/cifar_resnet/resnet20_cifar10.onnx', 1],
  ['vision/fastestdet/FastestDet.onnx', 1],
  ['vision/ultraface/version-slim-320.onnx', 1],
  // Three blocks of four products, and the head; normalization, attention and GELU between them stay float.
  ['lm/gpt_nano_sort/gpt_nano_sort.onnx', 13],
  // Five blocks: query, key and value read one value, gate and up another, then two products; and the head.
  ['lm/stories260K/stories260K.onnx', 21],
];

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

describe.skipIf(!data)('the Q/DQ pairs of quantized models', () => {
  it.each(CROSSINGS)(
    'all become integer ops of %s, but for %d crossings from float',
    async (path, crossings) => {
      const source = await loadOnnx(`${data}/${path}`);
      const { model } = await quantizeModel(source, {
        recipe: { leastSqnr: 0 },
        calibration: [{ feeds: feedsOf(source) }],
        createSession: (float, { taps }) => createOnnxRuntimeSession(float, { taps }),
      });
      const { graph } = cloneModel(model);
      await runPasses(graph, [foldQdq]);
      expect(graph.nodes.filter((node) => DequantizeLinear.is(node)).map((node) => node.label)).toEqual([]);
      const quantizers = graph.nodes.filter((node) => QuantizeLinear.is(node));
      expect(quantizers).toHaveLength(crossings);
      for (const { inputs, output } of quantizers) {
        expect(inputs[0]?.producer?.inputs.some((value) => value?.quantized) ?? false).toBe(false);
        expect(
          output?.users.map((user) => user.op.name).filter((op) => !/^(Conv|MatMul|Gemm)$/.test(op)),
        ).toEqual([]);
      }
    },
  );
});
