import { Add, createModel, type Model, parse } from '@octavo/core/ir';
import { float32, fromNumbers, StoredTensor, type Tensor, toNumbers } from '@octavo/core/tensor';
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

async function quantized(model: Model, feeds: Readonly<Record<string, Tensor>>): Promise<Model> {
  const createOurs = (float: Model, { taps }: { readonly taps: readonly string[] }) =>
    createSession(float, { backends: [reference()], taps });
  const calibration = [{ feeds }];
  return (await quantizeModel(model, { calibration, createSession: createOurs })).model;
}

/** Shapes of the constants that are added. */
function biasesOf({ graph }: Model): (readonly number[])[] {
  const sums = graph.nodes.filter((node) => Add.is(node));
  return sums.flatMap(({ inputs }) =>
    inputs.flatMap((value) => (value?.constant ? [value.constant.shape] : [])),
  );
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
    expect(await productsOf(await quantized(source(shape, sum), feedsOf(shape)))).toEqual([product]);
  });

  it('of one dimension would take it into a float Gemm, and means the same', async () => {
    const shape = '2, 3, 8';
    const model = await quantized(source(shape, '%m, %b'), feedsOf(shape));
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

  it('of one dimension or of unknown rank stays, and so does the shape of the result', async () => {
    const text = (product: string) => `graph opset 17 {
      input %x: float32[8]
      input %shape: int64[N]
      const %w: float32[8, 6] = [${numbers(48).map(Math.fround)}]
      const %b: float32[6] = [${numbers(6).map(Math.fround)}]
      ${product}
      %s = Add(%m, %b)
      %y = Tanh(%s)
      output %y
    }`;
    const feeds = { ...feedsOf('8'), shape: fromNumbers('int64', [1], [8]) };
    for (const product of ['%m = MatMul(%x, %w)', '%r = Reshape(%x, %shape)\n      %m = MatMul(%r, %w)']) {
      const model = await quantized(createModel(parse(text(product))), feeds);
      expect(biasesOf(model)).toEqual([[6]]);
      using session = await createSession(model, { backends: [reference()] });
      expect((await session.run(feeds))['y']?.shape).toEqual([6]);
    }
  });

  it('that two sums share is one row', async () => {
    const shape = '2, 3, 8';
    const model = createModel(
      parse(`graph opset 17 {
        input %x: float32[${shape}]
        const %w: float32[8, 6] = [${numbers(48).map(Math.fround)}]
        const %b: float32[6] = [${numbers(6).map(Math.fround)}]
        %m = MatMul(%x, %w)
        %s = Add(%m, %b)
        %t = Tanh(%s)
        const %v: float32[6, 6] = [${numbers(36).map(Math.fround)}]
        %n = MatMul(%t, %v)
        %y = Add(%n, %b)
        output %y
      }`),
    );
    const { graph } = await quantized(model, feedsOf(shape));
    expect(graph.initializers.map(({ name }) => name).filter((name) => /^b(_|$)/.test(name))).toEqual([
      'b_row',
    ]);
  });
});
