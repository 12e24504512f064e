import { type Subgraph, wholeGraph } from '@octavo/backend';
import type { Graph, Value } from '@octavo/core/ir';
import { float32, toNumbers } from '@octavo/core/tensor';
import { expect, it } from 'vitest';
import { describeWithAddon } from '../../tests/addon.js';
import { graphOf } from '../../tests/compile-graph.js';
import { cpu } from '../backend/cpu.js';

const TEXT = [
  'input %x: float32[2]',
  'const %w: float32[2] = [5, 6]',
  '%t: float32[2] = Relu(%x) @first',
  '%y: float32[2] = Add(%t, %w) @second',
  'output %y',
];

const named = (graph: Graph, name: string): Value => graph.value(name) ?? expect.fail(`there is no ${name}`);

describeWithAddon('the outputs of a program', () => {
  /** What a part of the graph gives for `[-1, 2]`, and what its taps saw. */
  async function give(
    part: (graph: Graph) => Partial<Subgraph>,
    outputs: readonly string[],
    taps: readonly string[] = [],
  ) {
    const graph = graphOf(TEXT);
    const values = outputs.map((name) => named(graph, name));
    using executable = await cpu().compile(
      { ...wholeGraph(graph), ...part(graph), outputs: values },
      { taps: new Set(taps.map((name) => named(graph, name))) },
    );
    const seen: Record<string, readonly number[]> = {};
    const results = await executable.run([float32([-1, 2])], (name, tensor) => {
      seen[name] = [...toNumbers(tensor)];
    });
    return { results: results.map((tensor) => [...toNumbers(tensor)]), seen };
  }

  const second = (graph: Graph) => ({ nodes: graph.sorted().slice(1), inputs: [named(graph, 't')] });

  it('can be its inputs and constants, which no node of it computes', async () => {
    expect((await give(second, ['t', 'y', 'w'])).results).toEqual([
      [-1, 2],
      [4, 8],
      [5, 6],
    ]);
    const first = (graph: Graph) => ({ nodes: graph.sorted().slice(0, 1) });
    expect((await give(first, ['t', 'w'])).results).toEqual([
      [0, 2],
      [5, 6],
    ]);
    expect((await give(() => ({}), ['x', 'y'])).results).toEqual([
      [-1, 2],
      [5, 8],
    ]);
  });

  it.each([[[]], [['t']], [['y']], [['t', 'y']]])(
    'are as many as asked for, with taps at %j',
    async (taps) => {
      const { results, seen } = await give(() => ({}), ['y', 't', 'y'], taps);
      expect(results).toEqual([
        [5, 8],
        [0, 2],
        [5, 8],
      ]);
      expect(Object.keys(seen).sort()).toEqual(taps);
      if (seen.t) expect(seen.t).toEqual([0, 2]);
      if (seen.y) expect(seen.y).toEqual([5, 8]);
    },
  );
});
