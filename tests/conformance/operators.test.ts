import { readFileSync, writeFileSync } from 'node:fs';
import { standardOps } from '@octavo/core/ir';
import { kernelTable } from '@octavo/reference';
import { describe, expect, it } from 'vitest';
import expected from './expected.json' with { type: 'json' };
import { operatorTable } from './operators.js';

const file = new URL('../../docs/operators.md', import.meta.url);
const table = operatorTable(expected);
if (process.env['OCTAVO_UPDATE_EXPECTED'] === '1') writeFileSync(file, table);

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
});
