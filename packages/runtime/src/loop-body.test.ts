import { defineBackend } from '@octavo/backend';
import { createModel, inferTypes, type Model, parse } from '@octavo/core/ir';
import { float32, fromNumbers, int64, toNumbers } from '@octavo/core/tensor';
import { kernelTable, reference } from '@octavo/reference';
import { describe, expect, it } from 'vitest';
import { createSession } from './create-session.js';

/** Takes nodes only of values whose shapes are known, as backends do that plan memory. */
const planner = () => {
  const backend = defineBackend({
    id: 'planner',
    kernels: kernelTable.filter(({ op }) => ['Add', 'Mul', 'Less', 'ReduceSum'].includes(op.name)),
  });
  return {
    ...backend,
    supports: (...[node, context]: Parameters<typeof backend.supports>) =>
      node.operands.every(({ shape }) => shape?.every((dim) => typeof dim === 'number'))
        ? backend.supports(node, context)
        : { supported: false as const, reason: 'its shapes are not known' },
  };
};

/** Doubles `x` and adds `b` up to `n` times while the sum stays below a limit; gives every state too. */
const LOOP = `graph opset 21 {
  input %n: int64[]
  input %x: float32[N]
  input %b: float32[N]
  const %limit: float32[] = 100
  %y, %all = Loop(%n, _, %x) {body=graph (%c = %b, %most = %limit) {
    input %i: int64[]
    input %going: bool[]
    input %s: float32[M]
    %d = Add(%s, %s)
    %t = Add(%d, %c)
    %sum = ReduceSum(%t) {keepdims=0}
    %on = Less(%sum, %most)
    %copy = Identity(%t)
    output %on, %t, %copy
  }} @loop
  output %y, %all
}`;

/** Running sums of the rows of \`x\`, from the last to the first, beside a state. */
const SCAN = `graph opset 21 {
  input %s: float32[2]
  input %x: float32[2, N]
  %y, %sums = Scan(%s, %x) {num_scan_inputs=1, scan_input_axes=[1], scan_input_directions=[1], scan_output_axes=[-1], body=graph {
    input %state: float32[2]
    input %row: float32[2]
    %next = Add(%state, %row)
    %sum = Identity(%next)
    output %next, %sum
  }} @scan
  output %y, %sums
}`;

/** The state grows in each round. */
const GROWING = `graph opset 21 {
  input %n: int64[]
  input %x: float32[N]
  %y = Loop(%n, _, %x) {body=graph {
    input %i: int64[]
    input %going: bool[]
    input %s: float32[M]
    %on = Identity(%going)
    %t = Concat(%s, %s) {axis=0}
    output %on, %t
  }} @loop
  output %y
}`;

function model(text: string): Model {
  const graph = parse(text);
  inferTypes(graph);
  return createModel(graph);
}

const numbers = (tensor: Parameters<typeof toNumbers>[0] | undefined) =>
  tensor && Array.from(toNumbers(tensor));

describe('Loop and Scan in a session', () => {
  it('compile their bodies for the shapes of each run', async () => {
    using session = await createSession(model(LOOP), { backends: [planner(), reference()] });
    const feeds = { n: int64([10], []), x: float32([1, 2], [2]), b: float32([1, 0], [2]) };
    const { y, all } = await session.run(feeds);
    expect(numbers(y)).toEqual([63, 64]);
    expect(all?.shape).toEqual([5, 2]);
    expect(numbers(all)).toEqual([3, 4, 7, 8, 15, 16, 31, 32, 63, 64]);
    const loop = session.explain().nodes.find(({ node }) => node === 'loop');
    expect(loop).toMatchObject({ backend: 'runtime', kernel: 'body 4 nodes on planner, 1 on reference' });
    const longer = await session.run({ ...feeds, x: float32([1, 1, 1], [3]), b: float32([0, 0, 0], [3]) });
    expect(numbers(longer['y'])).toEqual([64, 64, 64]);
  });

  it('give no slices where there is no round', async () => {
    using session = await createSession(model(LOOP), { backends: [planner(), reference()] });
    const { y, all } = await session.run({
      n: int64([0], []),
      x: float32([1, 2], [2]),
      b: float32([1, 0], [2]),
    });
    expect(numbers(y)).toEqual([1, 2]);
    expect(all?.size).toBe(0);
  });

  it('slice and stack along the axes and in the directions of Scan', async () => {
    using session = await createSession(model(SCAN), { backends: [planner(), reference()] });
    const { y, sums } = await session.run({
      s: float32([10, 20], [2]),
      x: fromNumbers('float32', [2, 3], [1, 2, 3, 4, 5, 6]),
    });
    expect(numbers(y)).toEqual([16, 35]);
    expect(numbers(sums)).toEqual([13, 15, 16, 26, 31, 35]);
    const scan = session.explain().nodes.find(({ node }) => node === 'scan');
    expect(scan).toMatchObject({ backend: 'runtime', kernel: 'body 1 node on planner, 1 on reference' });
  });

  it('interpret a body whose states change their shapes, and say so', async () => {
    using session = await createSession(model(GROWING), { backends: [planner(), reference()] });
    const { y } = await session.run({ n: int64([3], []), x: float32([1], [1]) });
    expect(y?.shape).toEqual([8]);
    const loop = session.explain().nodes.find(({ node }) => node === 'loop');
    expect(loop?.backend).toBe('reference');
    expect(loop?.declined).toContainEqual({
      backend: 'runtime',
      reason: 'its body may change the shape of state 0',
    });
  });
});
