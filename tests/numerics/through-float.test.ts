import { DTYPES, fromNumbers, type Tensor, toNumbers } from '@octavo/core/tensor';
import { cpu } from '@octavo/cpu';
import { reference } from '@octavo/reference';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { describeWithAddon } from '../../packages/cpu/tests/addon.js';
import { compileGraph, graphOf } from '../../packages/cpu/tests/compile-graph.js';

const SHAPE = '[2, 3, 4, 5]';

/** Ops without an integer kernel, and whether their floats are rounded the same way everywhere. */
const OPS = [
  { line: 'Sub(%x, %z)', exact: true },
  { line: 'Div(%x, %z)', exact: true },
  { line: 'Max(%x, %z)', exact: true },
  { line: 'Sub(%x, %c)', exact: true },
  { line: 'Softmax(%x) {axis=-1}', exact: false },
  { line: 'LayerNormalization(%x, %gain) {axis=-1}', exact: false },
  { line: 'Erf(%w)', exact: false },
  { line: 'ReduceMean(%x, %axes) {keepdims=1}', exact: false, shape: '[2, 3, 4, 1]' },
] as const;

const TYPES = [
  { dtype: 'uint8', type: 'quantized(scale 0.02, zero 120)' },
  { dtype: 'int8', type: 'quantized(scale 0.02, zero -3)' },
  { dtype: 'uint16', type: 'quantized(scale 0.0001, zero 30000)' },
  { dtype: 'int16', type: 'quantized(scale [0.0001, 0.0002, 0.0003], zero [0, 1, 2], axis 1)' },
] as const;

const node = fc.record({
  op: fc.constantFrom(...OPS),
  from: fc.constantFrom(...TYPES),
  to: fc.constantFrom(...TYPES),
  seed: fc.integer({ min: 1, max: 1e6 }),
});

type Trial = typeof node extends fc.Arbitrary<infer T> ? T : never;

function graphFor({ op, from, to }: Trial) {
  const shape = 'shape' in op ? op.shape : SHAPE;
  return graphOf([
    `input %x: ${from.dtype}${SHAPE} ${from.type}`,
    `input %z: uint8[4, 5] quantized(scale 0.02, zero 0)`,
    `input %w: int16${SHAPE} quantized(scale 0.0001, zero 0)`,
    'const %c: int8[5] quantized(scale 0.5, zero 1) = [1, -2, 3, -4, 5]',
    'const %gain: float32[5] = [1, 2, 3, 4, 5]',
    'const %axes: int64[1] = [3]',
    `%y: ${to.dtype}${shape} ${to.type} = ${op.line}`,
    'output %y',
  ]);
}

/** Integers all over the range of each input. */
function feedsOf({ inputs }: ReturnType<typeof graphFor>, seed: number): Tensor[] {
  let state = seed;
  return inputs.map((value) => {
    const dtype = value.dtype ?? 'uint8';
    const { bits } = DTYPES[dtype];
    const shape = (value.shape ?? []).map(Number);
    const low = dtype.startsWith('u') ? 0 : -(2 ** (bits - 1));
    const next = () => {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
      return low + Math.floor((state / 2 ** 32) * 2 ** bits);
    };
    return fromNumbers(dtype, shape, Array.from({ length: shape.reduce((a, b) => a * b, 1) }, next));
  });
}

function steps(a: Tensor | undefined, b: Tensor | undefined): number {
  const [left, right] = [a, b].map((tensor) => Array.from(tensor ? toNumbers(tensor) : []));
  return Math.max(...(left ?? []).map((x, i) => Math.abs(x - (right?.[i] ?? Number.NaN))));
}

describeWithAddon('quantized ops without an integer kernel', () => {
  const backend = cpu();

  it('run natively in float, with the integers of the reference', async () => {
    await fc.assert(
      fc.asyncProperty(node, async (trial) => {
        const graph = graphFor(trial);
        const feeds = feedsOf(graph, trial.seed);
        using ours = await compileGraph(graph, { taps: new Set() }, backend);
        using oracle = await compileGraph(graph, { taps: new Set() }, reference());
        const [y] = await ours.run(feeds);
        const [expected] = await oracle.run(feeds);
        expect(y?.dtype).toBe(expected?.dtype);
        expect(y?.shape).toEqual(expected?.shape);
        expect(steps(y, expected)).toBeLessThanOrEqual(trial.op.exact ? 0 : 1);
        expect(ours.plan.flatMap(({ notes }) => notes ?? [])).toEqual([
          'in float: no kernel for its quantized values',
        ]);
      }),
      { numRuns: 60 },
    );
  });
});
