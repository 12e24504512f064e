import type { Executable } from '@octavo/backend';
import type { Value } from '@octavo/core/ir';
import { float32, fromNumbers, int64, type Tensor, toNumbers, zeros } from '@octavo/core/tensor';
import { expect, it } from 'vitest';
import { describeWithAddon } from '../../tests/addon.js';
import { compileGraph, graphOf } from '../../tests/compile-graph.js';
import { cpu } from '../backend/cpu.js';

/** Transposed, then multiplied by 2 and 3 in integers: y = 2 x^T, z = 3 y. */
const CHAIN = [
  'input %x: int8[2, 2] quantized(scale 1, zero 0)',
  'const %two: int8[2, 2] quantized(scale 1, zero 0) = [2, 0, 0, 2]',
  'const %three: int8[2, 2] quantized(scale 1, zero 0) = [3, 0, 0, 3]',
  '%t: int8[2, 2] quantized(scale 1, zero 0) = Transpose(%x) @turn',
  '%y: int8[2, 2] quantized(scale 1, zero 0) = MatMul(%t, %two) @double',
  '%z: int8[2, 2] quantized(scale 1, zero 0) = MatMul(%y, %three) @triple',
  'output %z',
];
const X = fromNumbers('int8', [2, 2], [1, 2, 3, 4]);
const Z = [6, 18, 12, 24];

function numbers(tensor: Tensor | undefined): number[] {
  return tensor ? Array.from(toNumbers(tensor)) : [];
}

function thrownBy(run: () => unknown): unknown {
  try {
    return run();
  } catch (error) {
    return error;
  }
}

async function chain(): Promise<Executable> {
  return compileGraph(graphOf(CHAIN), { taps: new Set() });
}

describeWithAddon('a subgraph as one native program', () => {
  it('gives the same results at once and later, and leaves its input as it was', async () => {
    using executable = await chain();
    expect(numbers(executable.runSync?.([X])[0])).toEqual(Z);
    expect(numbers((await executable.run([X]))[0])).toEqual(Z);
    expect(numbers(X)).toEqual([1, 2, 3, 4]);
  });

  it('has one entry a node in its plan, and one arena for what lies between', async () => {
    using executable = await chain();
    expect(executable.plan.map(({ node }) => node.name)).toEqual(['turn', 'double', 'triple']);
    expect(executable.plan[0]?.kernel).toBe('copy');
    expect(executable.memory).toEqual({ weights: 8, activations: 128 });
  });

  it('shows taps the values that they ask for, and all values where nobody says which', async () => {
    const graph = graphOf(CHAIN);
    const y = graph.value('y');
    const seen = async (taps: ReadonlySet<Value> | undefined) => {
      using executable = await compileGraph(graph, taps ? { taps } : {});
      const found = new Map<string, number[]>();
      const [z] = await executable.run([X], (name, tensor) => found.set(name, numbers(tensor)));
      expect(numbers(z)).toEqual(Z);
      return Object.fromEntries(found);
    };
    expect(await seen(new Set(y ? [y] : []))).toEqual({ y: [2, 6, 4, 8] });
    expect(await seen(undefined)).toEqual({ t: [1, 3, 2, 4], y: [2, 6, 4, 8], z: Z });
  });

  it('writes what taps see where it did before, and results into new memory', async () => {
    using executable = await compileGraph(
      graphOf([
        'input %x: float32[100, 100]',
        '%t: float32[100, 100] = Relu(%x)',
        '%y: float32[100, 100] = Exp(%t)',
        'output %y',
      ]),
    );
    const x = (value: number) => fromNumbers('float32', [100, 100], Array(10_000).fill(value));
    const run = async (value: number) => {
      const seen = new Map<string, Tensor>();
      const [y] = await executable.run([x(value)], (name, tensor) => seen.set(name, tensor));
      expect(new Set(numbers(seen.get('t')))).toEqual(new Set([value]));
      return { t: seen.get('t')?.data, y: y?.data };
    };
    const [first, second] = [await run(1), await run(2)];
    expect(second.t).toBe(first.t);
    expect(second.y).not.toBe(first.y);
    expect(first.y?.[0]).toBeCloseTo(Math.E);
    structuredClone(first.t, { transfer: first.t ? [first.t.buffer as ArrayBuffer] : [] });
    expect((await run(3)).t?.byteLength).toBe(40_000);
  });

  it.each([[4], [10_000]])('throws what a tap throws as it is, over %i elements', async (count) => {
    using executable = await compileGraph(
      graphOf([`input %x: float32[${count}]`, '%y = Relu(%x)', 'output %y']),
    );
    const broken = Object.assign(new Error('op 0: no space'), { code: 'ENOSPC' });
    const tap = () => {
      throw broken;
    };
    const feeds = [zeros('float32', [count])];
    expect(thrownBy(() => executable.runSync?.(feeds, tap))).toBe(broken);
    await expect(executable.run(feeds, tap)).rejects.toBe(broken);
  });

  it('keeps apart what a run within a tap writes', async () => {
    using executable = await compileGraph(
      graphOf([
        'input %x: float32[10000]',
        '%t: float32[10000] = Relu(%x)',
        '%y: float32[10000] = Neg(%t)',
        'output %y',
      ]),
    );
    const x = (value: number) => fromNumbers('float32', [10_000], Array(10_000).fill(value));
    const seen: number[] = [];
    executable.runSync?.([x(1)], (name, tensor) => {
      if (name !== 't') return;
      executable.runSync?.([x(2)], () => {});
      seen.push(...numbers(tensor));
    });
    expect(new Set(seen)).toEqual(new Set([1]));
    expect(seen).toHaveLength(10_000);
  });

  it('binds to tensors that are written and read between runs', async () => {
    using executable = await chain();
    const [input, output] = [zeros('int8', [2, 2]), zeros('int8', [2, 2])];
    const binding = executable.bind?.([input], [output]);
    input.data.set(X.data);
    binding?.run();
    expect(numbers(output)).toEqual(Z);
    binding?.[Symbol.dispose]();
    expect(() => binding?.run()).toThrow(expect.objectContaining({ code: 'SESSION_DISPOSED' }));
    expect(() => executable.bind?.([input], [zeros('int8', [4])])).toThrow(
      expect.objectContaining({ code: 'BACKEND_OPERAND', where: 'value z' }),
    );
  });

  it('times every node that is not fused', async () => {
    using executable = await chain();
    const profiled = await executable.profile?.([X]);
    expect(profiled?.spans.map(({ step }) => step)).toEqual([0, 1, 2]);
    expect(profiled?.spans.every(({ duration }) => duration >= 0)).toBe(true);
    expect(numbers(profiled?.outputs[0])).toEqual(Z);
  });

  it.each([[4], [8192]])('names the node whose operands do not serve in a run over %i rows', async (rows) => {
    const graph = graphOf([
      `input %x: float32[${rows}, 2]`,
      'input %i: int64[2]',
      '%r = Relu(%x)',
      '%y = Gather(%r, %i) @pick',
      'output %y',
    ]);
    using executable = await compileGraph(graph);
    const feeds = [zeros('float32', [rows, 2]), int64([0, rows])];
    const refused = {
      name: 'CpuError',
      where: 'node pick (Gather)',
      fault: 'gather: indices: expected indices within the axis',
    };
    expect(() => executable.runSync?.(feeds)).toThrow(expect.objectContaining(refused));
    await expect(executable.run(feeds)).rejects.toMatchObject(refused);
    expect(() => executable.bind?.(feeds, []).run()).toThrow(expect.objectContaining(refused));
  });

  it('does not begin when the signal has been raised', async () => {
    using executable = await chain();
    const reason = new Error('enough');
    await expect(executable.run([X], undefined, AbortSignal.abort(reason))).rejects.toBe(reason);
  });

  it('is opened by its token for as long as somebody holds it', async () => {
    const backend = cpu();
    const executable = await chain();
    const token = executable.share?.();
    if (!token) throw new Error('it gives no token');
    const opened = backend.open?.(token);
    executable[Symbol.dispose]();
    expect(numbers(opened?.runSync?.([X])[0])).toEqual(Z);
    const profiled = await opened?.profile?.([X]);
    expect(profiled?.spans.map(({ step }) => step)).toEqual([0, 1, 2]);
    expect(numbers(profiled?.outputs[0])).toEqual(Z);
    opened?.[Symbol.dispose]();
    expect(() => backend.open?.(token)).toThrow(expect.objectContaining({ code: 'CPU_PROGRAM_GONE' }));
  });

  it('tells taps of an executable from a token what it tells its own', async () => {
    const graph = graphOf(CHAIN);
    const [y, z] = [graph.value('y'), graph.value('z')];
    if (!y || !z) throw new Error('the graph has these values');
    const backend = cpu();
    using executable = await compileGraph(graph, { taps: new Set([y, z]) }, backend);
    const token = executable.share?.();
    using opened = token && backend.open?.(token);
    const seen: [string, number[]][] = [];
    const outputs = opened?.runSync?.([X], (name, tensor) => seen.push([name, numbers(tensor)]));
    expect(outputs?.map(numbers)).toEqual([Z]);
    expect(seen).toEqual([
      ['y', [2, 6, 4, 8]],
      ['z', Z],
    ]);
  });

  it('names the node that refuses what a run is fed, timed, and from a token', async () => {
    const graph = graphOf([
      'input %x: float32[3, 2]',
      'input %i: int64[1]',
      '%n: float32[3, 2] = Neg(%x)',
      '%y: float32[1, 2] = Gather(%n, %i) {axis=0} @rows',
      'output %y',
    ]);
    const feeds = [float32([1, 2, 3, 4, 5, 6], [3, 2]), int64([7])];
    const backend = cpu();
    using executable = await compileGraph(graph, { taps: new Set() }, backend);
    const token = executable.share?.();
    using opened = token && backend.open?.(token);
    const refusal = { code: 'CPU_INVALID_ARGUMENT', where: 'node rows (Gather)' };
    for (const each of [executable, opened]) {
      expect(() => each?.runSync?.(feeds)).toThrow(expect.objectContaining(refusal));
      expect(() => each?.profile?.(feeds)).toThrow(expect.objectContaining(refusal));
      await expect(each?.run(feeds)).rejects.toMatchObject(refusal);
    }
  });

  it('packs the weights of one constant once for all plans, and again after the last is gone', async () => {
    const graph = graphOf(CHAIN);
    const backend = cpu();
    const first = await compileGraph(graph, { taps: new Set() }, backend);
    const second = await compileGraph(graph, { taps: new Set() }, backend);
    first[Symbol.dispose]();
    first[Symbol.dispose]();
    expect(numbers(second.runSync?.([X])[0])).toEqual(Z);
    second[Symbol.dispose]();
    using third = await compileGraph(graph, { taps: new Set() }, backend);
    expect(numbers(third.runSync?.([X])[0])).toEqual(Z);
  });

  it.each([
    [
      'an output that is an input',
      ['input %x: int8[2, 2]', '%y = Identity(%x)', 'output %y'],
      [[1, 2, 3, 4]],
    ],
    [
      'one result under two names',
      [
        'input %x: int8[2, 2]',
        '%y = Transpose(%x)',
        '%z = Reshape(%y, %s)',
        'const %s: int64[1] = [4]',
        'output %y',
        'output %z',
      ],
      [
        [1, 3, 2, 4],
        [1, 3, 2, 4],
      ],
    ],
    [
      'part of a value',
      ['input %x: int8[2, 2]', '%t = Transpose(%x)', '%y, %z = Split(%t) {num_outputs=2}', 'output %z'],
      [[2, 4]],
    ],
    ['nothing at all', ['input %x: int8[2, 0]', '%y = Transpose(%x)', 'output %y'], [[]]],
  ] as const)('gives %s', async (_, lines, expected) => {
    using executable = await compileGraph(graphOf(lines), { taps: new Set() });
    const empty = lines[0].includes('[2, 0]');
    const outputs = await executable.run([empty ? zeros('int8', [2, 0]) : X]);
    expect(outputs.map(numbers)).toEqual(expected);
  });
});
