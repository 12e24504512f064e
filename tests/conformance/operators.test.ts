import { readFileSync, writeFileSync } from 'node:fs';
import { standardOps } from '@octavo/core/ir';
import { kernelTable } from '@octavo/reference';
import { describe, expect, it } from 'vitest';
import expected from './expected.json' with { type: 'json' };
import expectedComparisons from './expected-comparisons.json' with { type: 'json' };
import expectedCpu from './expected-cpu.json' with { type: 'json' };
import { type DTypesByOp, joined, operatorTable } from './operators.js';
import { recordedRuns } from './recorded-runs.node.js';

const file = new URL('../../docs/operators.md', import.meta.url);
const comparisons = recordedRuns() ?? expectedComparisons;
const table = operatorTable({
  passed: expected.passed,
  dtypes: joined(expected.dtypes, comparisons.dtypes),
  native: joined(expectedCpu.native, comparisons.native),
});
if (comparisons !== expectedComparisons) {
  const text = `${JSON.stringify(comparisons, null, 2)}\n`;
  writeFileSync(new URL('expected-comparisons.json', import.meta.url), text);
  writeFileSync(file, table);
}

describe('docs/operators.md', () => {
  it('is what the registry gives', () => {
    expect(readFileSync(file, 'utf8')).toBe(table);
  });

  it('lists at least 130 ops of ONNX, each with a reference kernel', () => {
    const names = new Set(standardOps.filter((op) => op.domain === '').map((op) => op.name));
    expect(names.size).toBeGreaterThanOrEqual(130);
    const withKernel = new Set(kernelTable.map(({ op }) => `${op.domain}.${op.name}`));
    const without = standardOps.filter((op) => !withKernel.has(`${op.domain}.${op.name}`));
    expect(without.map((op) => op.name)).toEqual([]);
  });

  it('has seen each op of com.microsoft run', () => {
    const names = standardOps
      .filter((op) => op.domain === 'com.microsoft')
      .map((op) => `${op.domain}.${op.name}`);
    const seen: DTypesByOp = comparisons.dtypes;
    expect(names.filter((name) => !seen[name]?.length)).toEqual([]);
  });
});
