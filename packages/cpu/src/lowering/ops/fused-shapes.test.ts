import { runCase } from '@octavo/conformance';
import { expect, it } from 'vitest';
import { describeWithAddon } from '../../../tests/addon.js';
import { cpu } from '../../backend/cpu.js';

/** Shapes at which a fusion, an alias or a place in memory would be wrong. */
const CASES: Readonly<Record<string, readonly string[]>> = {
  'a term along the rows of a product with a vector': [
    'input %x: float32[2, 3, 4]',
    'input %v: float32[4]',
    'value %b: float32[3]',
    '%p = MatMul(%x, %v)',
    '%y = Add(%p, %b)',
  ],
  'one term for all columns of a vector times a matrix': [
    'input %x: float32[3]',
    'input %w: float32[3, 4]',
    'value %b: float32[1]',
    '%p = MatMul(%x, %w)',
    '%y = Add(%p, %b)',
  ],
  'squares of single elements': [
    'input %x: float32[2, 3]',
    '%y = ReduceSumSquare(%x) {noop_with_empty_axes=1}',
  ],
  'absolute values of single elements': [
    'input %x: float32[2, 3]',
    '%y = ReduceL1(%x) {noop_with_empty_axes=1}',
  ],
  'sums of single elements': ['input %x: float32[2, 3]', '%y = ReduceSum(%x) {noop_with_empty_axes=1}'],
  'a normalization by its own input': [
    'input %x: float32[8]',
    '%r = Relu(%x)',
    '%y = LayerNormalization(%r, %r)',
  ],
};

describeWithAddon('the CPU agrees with the reference on', () => {
  const backend = cpu();

  it.each(Object.entries(CASES))('%s', async (name, lines) => {
    const graph = `graph opset 21 {\n${[...lines, 'output %y'].join('\n')}\n}`;
    const bound = { kind: 'normalized', terms: 50 } as const;
    expect(await runCase(backend, { name, graph, extremes: false, bound })).toEqual({ outcome: 'passed' });
  });
});
