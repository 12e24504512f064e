import { Add, createModel, type Model, parse } from '@octavo/core/ir';
import { float32, StoredTensor, toNumbers } from '@octavo/core/tensor';
import { quantizeModel } from '@octavo/quantizer';
import { reference } from '@octavo/reference';
import { createSession } from '@octavo/runtime';
import { describe, expect, it } from 'vitest';
import { optimizedByOnnxRuntime } from './optimized-graph.js';

const numbers = (count: number): number[] => Array.from({ length: count }, (_, i) => Math.sin(7 * i + 1));

function source(shape: string, sum: string): Model {
  return createModel(
    parse(`graph opset 17 {
    input %x: float32[${shape}]
    const %w: float32[8, 6] = [${numbers(48).map(Math.fround)}]
    const %b: float32[6] = [${numbers(6).map(Math.fround)}]
    %m = MatMul(%x, %w) @product
    %s = Add(${sum}) @bias
    %y = Tanh(%s)
    output %y
  }`),
  );
}

function feedsOf(shape: string) {
  const dims = shape.split(', ').map((dim) => Number(dim) || 3);
  return { x: float32(numbers(dims.reduce((a, b) => a * b, 1)), dims) };
}

async function quantized(model: Model, shape: string): Promise<Model> {
  const createOurs = (float: Model, { taps }: { readonly taps: readonly string[] }) =>
    createSession(float, { backends: [reference()], taps });
  const calibration = [{ feeds: feedsOf(shape) }];
  return (await quantizeModel(model, { calibration, createSession: createOurs })).model;
}

/** The products of onnxruntime's optimized graph, in its own names. */
async function productsOf(model: Model): Promise<string[]> {
  const { nodes } = await optimizedByOnnxRuntime(model);
  return nodes.map(({ op }) => op.name).filter((name) => /MatMul|Gemm/.test(name));
}

describe('a bias after a product', () => {
  it.each([
    ['3, 8', '%m, %b', 'QGemm'],
    ['2, 3, 8', '%m, %b', 'MatMulIntegerToFloat'],
    ['2, 3, 8', '%b, %m', 'MatMulIntegerToFloat'],
    ['1, 2, 3, 8', '%m, %b', 'MatMulIntegerToFloat'],
    ['N, 3, 8', '%m, %b', 'MatMulIntegerToFloat'],
  ])('of [%s] as Add(%s) leaves it in integers in onnxruntime', async (shape, sum, product) => {
    expect(await productsOf(await quantized(source(shape, sum), shape))).toEqual([product]);
  });

  it('of one dimension would take it into a float Gemm, and means the same', async () => {
    const shape = '2, 3, 8';
    const model = await quantized(source(shape, '%m, %b'), shape);
    const run = async (each: Model) => {
      using session = await createSession(each, { backends: [reference()] });
      const { y } = await session.run(feedsOf(shape));
      return y && toNumbers(y);
    };
    const kept = await run(model);
    const add = model.graph.nodes.find((node) => Add.is(node));
    const row = add?.inputs.find((value) => value?.constant);
    const tensor = await row?.constant?.load();
    if (!add || !row || !tensor) throw new Error('a bias is added');
    add.replaceOperand(row, model.graph.addInitializer('flat', StoredTensor.of(tensor.reshape([6]))));
    expect(await productsOf(model)).toEqual(['Gemm']);
    expect(await run(model)).toEqual(kept);
  });
});
