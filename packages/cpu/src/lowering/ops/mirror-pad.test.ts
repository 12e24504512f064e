import { runCase } from '@octavo/conformance';
import { expect, it } from 'vitest';
import { describeWithAddon } from '../../../tests/addon.js';
import { graphOf } from '../../../tests/compile-graph.js';
import { cpu } from '../../backend/cpu.js';

/** Pads of the last and the second axis. */
const padded = (mode: string, pads: readonly number[], dtype = 'float32') => [
  `input %x: ${dtype}[2, 3, 4]`,
  `const %pads: int64[4] = [${pads.join(', ')}]`,
  'const %axes: int64[2] = [-1, 1]',
  `%y: ${dtype}[?, ?, ?] = Pad(%x, %pads, _, %axes) {mode="${mode}"}`,
  'output %y',
];

describeWithAddon('padding with elements of the input', () => {
  const backend = cpu();
  const reasonOf = (lines: readonly string[]) => {
    const graph = graphOf([...lines]);
    const [node] = graph.nodes;
    if (!node) throw new Error('a node was expected');
    const support = backend.supports(node, { graph, opset: 21 });
    return support.supported ? undefined : support.reason;
  };

  it.each([
    ['reflect', [3, 2, 1, 2]],
    ['reflect', [0, 0, 2, 0]],
    ['edge', [5, 0, 0, 7]],
    ['wrap', [4, 3, 0, 1]],
  ])('%s by %j runs natively, as the reference does', async (mode, pads) => {
    for (const dtype of ['float32', 'uint8']) {
      const lines = padded(mode, pads, dtype);
      expect(reasonOf(lines)).toBeUndefined();
      const graph = `graph opset 21 {\n${lines.join('\n')}\n}`;
      expect(await runCase(backend, { name: mode, graph })).toEqual({ outcome: 'passed' });
    }
  });

  it('is left to others where it crops or goes round more than once', () => {
    for (const [mode, pads] of [
      ['reflect', [4, 0, 0, 0]],
      ['wrap', [0, 4, 0, 0]],
      ['edge', [-1, 0, 1, 0]],
    ] as const)
      expect(reasonOf(padded(mode, pads))).toContain('crops, or repeats');
  });
});
