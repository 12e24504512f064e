import { createModel, type Graph, parse, print } from '@octavo/core/ir';
import { describe, expect, it } from 'vitest';
import { LoweredModel } from './lowered-model.js';

/** Flattens through a shape that the graph computes itself. */
const FLATTEN = `graph main opset 21 {
  input %x: float32[N, 2, 2]
  const %zero: int64[1] = [0]
  const %rest: int64[1] = [-1]
  %s = Shape(%x)
  %n = Gather(%s, %zero)
  %t = Concat(%n, %rest) {axis=0}
  %y = Reshape(%x, %t)
  output %y
}
`;

/** Weights that are computed from others. */
const TRANSPOSED = `graph main opset 21 {
  input %x: float32[N, 2]
  const %w: float32[3, 2] = [1, 2, 3, 4, 5, 6]
  %t = Transpose(%w)
  %y = MatMul(%x, %t)
  output %y
}
`;

const model = () => createModel(parse(FLATTEN));
const outputShapes = ({ outputs }: Graph) => outputs.map(({ shape }) => shape);

describe('a lowered model', () => {
  it('knows the shapes that follow from those of the inputs, whether or not its open graph was lowered before', async () => {
    const closed = new LoweredModel(model(), []);
    const opened = new LoweredModel(model(), []);
    await opened.open();
    for (const lowered of [closed, opened]) {
      const { graph } = await lowered.forShapes([[3, 2, 2]]);
      expect(outputShapes(graph)).toEqual([[3, 4]]);
    }
  });

  it('lowers its first graph by itself, and copies the open graph for those after it', async () => {
    const lowered = new LoweredModel(model(), []);
    await lowered.forShapes([[3, 2, 2]]);
    const { passes } = await lowered.forShapes([[5, 2, 2]]);
    const open = await lowered.open();
    const openedFirst = await new LoweredModel(model(), []).open();
    expect(print(open.graph)).toBe(print(openedFirst.graph));
    expect(outputShapes(open.graph)).toEqual([['N', 4]]);
    expect(passes.slice(0, open.passes.length)).toEqual(open.passes);
  });

  it('lowers its open graph once', async () => {
    const lowered = new LoweredModel(model(), []);
    const [first, second] = await Promise.all([lowered.open(), lowered.open()]);
    expect(second).toBe(first);
  });

  it('computes what weights give once for all graphs after the first', async () => {
    const lowered = new LoweredModel(createModel(parse(TRANSPOSED)), []);
    const weights = async (count: number) => {
      const { graph } = await lowered.forShapes([[count, 2]]);
      expect(graph.nodes.map(({ op }) => op.name)).toEqual(['MatMul']);
      return graph.nodes[0]?.inputs[1]?.constant;
    };
    const first = await weights(1);
    const second = await weights(2);
    expect([first?.shape, second?.shape]).toEqual([
      [2, 3],
      [2, 3],
    ]);
    expect(await weights(3)).toBe(second);
    expect(await weights(1)).toBe(second);
  });

  it('gives graphs that may be changed', async () => {
    const lowered = new LoweredModel(model(), []);
    const { graph: open } = await lowered.open();
    const before = print(open);
    for (const { graph } of [await lowered.forShapes([[1, 2, 2]]), await lowered.forShapes([[2, 2, 2]])]) {
      for (const value of graph.inputs) value.type = undefined;
    }
    expect(print(open)).toBe(before);
  });
});
