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

  it('lowers its open graph when that is asked for, and once', async () => {
    const lowered = new LoweredModel(model(), []);
    const before = print(lowered.graph);
    await lowered.forShapes([[3, 2, 2]]);
    expect(print(lowered.graph)).toBe(before);
    const [first, second] = await Promise.all([lowered.open(), lowered.open()]);
    expect(second).toBe(first);
    expect(first.graph).toBe(lowered.graph);
    expect(outputShapes(lowered.graph)).toEqual([['N', 4]]);
  });

  it('gives graphs that may be changed', async () => {
    const lowered = new LoweredModel(model(), []);
    await lowered.open();
    const open = print(lowered.graph);
    for (const { graph } of [await lowered.forShapes([[1, 2, 2]]), await lowered.forShapes([[2, 2, 2]])]) {
      for (const value of graph.inputs) value.type = undefined;
    }
    expect(print(lowered.graph)).toBe(open);
  });
});
