import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { reference } from '@octavo/reference';
import { describe, expect, it } from 'vitest';
import expected from './expected.json' with { type: 'json' };
import { nodeTestFolder, nodeTests, type Outcome, runNodeTest } from './node-test.node.js';

const folder = nodeTestFolder();
const update = process.env['OCTAVO_UPDATE_EXPECTED'] === '1';

/** Number of passed tests whose model has the op. */
function passedByOp(outcomes: readonly Outcome[]): Record<string, number> {
  const counts = new Map<string, number>();
  for (const { status, ops } of outcomes) {
    if (status === 'passed') for (const op of ops) counts.set(op, (counts.get(op) ?? 0) + 1);
  }
  return Object.fromEntries([...counts].sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** Element types of the first operand of each op in passed tests. */
function dtypesByOp(outcomes: readonly Outcome[]): Record<string, string[]> {
  const types = new Map<string, Set<string>>();
  for (const { status, dtypes } of outcomes) {
    if (status !== 'passed') continue;
    for (const [op, dtype] of dtypes) types.set(op, (types.get(op) ?? new Set()).add(dtype));
  }
  const sorted = [...types].map(([op, set]): [string, string[]] => [op, [...set].sort()]);
  return Object.fromEntries(sorted.sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** One line for each status, and the reasons why tests are not supported, most frequent first. */
function summary(outcomes: readonly Outcome[]): string {
  const of = (status: Outcome['status']) => outcomes.filter((each) => each.status === status);
  const reasons = new Map<string, number>();
  for (const { detail } of of('unsupported')) reasons.set(detail, (reasons.get(detail) ?? 0) + 1);
  const list = [...reasons].sort((a, b) => b[1] - a[1]).map(([reason, count]) => `  ${count} ${reason}`);
  return [
    `ONNX node tests: ${of('passed').length} passed, ${of('failed').length} failed, ${of('unsupported').length} unsupported`,
    ...of('failed').map(({ name, detail }) => `  failed ${name}: ${detail}`),
    ...list,
  ].join('\n');
}

describe.skipIf(!folder)('the reference backend on the ONNX node tests', async () => {
  const outcomes: Outcome[] = [];
  const backend = reference();
  for (const name of folder ? nodeTests(folder) : [])
    outcomes.push(await runNodeTest(folder ?? '', name, backend));
  console.log(summary(outcomes));
  const known: Readonly<Record<string, string>> = expected.failing;
  if (update) {
    const next = { passed: passedByOp(outcomes), dtypes: dtypesByOp(outcomes), failing: known };
    writeFileSync(join(import.meta.dirname, 'expected.json'), `${JSON.stringify(next, null, 2)}\n`);
  }

  it('passes every test that it supports, but for those with a listed reason', () => {
    const failed = outcomes.filter(({ name, status }) => status === 'failed' && !(name in known));
    expect(failed).toEqual([]);
  });

  it('passes at least as many tests of each op as before', () => {
    const passed = passedByOp(outcomes);
    const fewer = Object.entries(expected.passed).filter(([op, count]) => (passed[op] ?? 0) < count);
    expect(fewer).toEqual([]);
  });

  it('passes tests with each element type of each op as before', () => {
    const found = dtypesByOp(outcomes);
    const before: Readonly<Record<string, readonly string[]>> = expected.dtypes;
    const lost = Object.entries(before).filter(([op, types]) =>
      types.some((type) => !found[op]?.includes(type)),
    );
    expect(lost).toEqual([]);
  });

  it('lists no reason for a test that passes', () => {
    const stale = outcomes.filter(({ name, status }) => status === 'passed' && name in known);
    expect(stale).toEqual([]);
  });
});
