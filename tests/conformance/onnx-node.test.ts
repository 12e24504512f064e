import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { reference } from '@octavo/reference';
import { describe, expect, it } from 'vitest';
import { countOps, fewer, lost, tabulate } from './evidence.js';
import expected from './expected.json' with { type: 'json' };
import { nodeTestFolder, nodeTests, type Outcome, runNodeTest } from './node-test.node.js';

const folder = nodeTestFolder();
const update = process.env['OCTAVO_UPDATE_EXPECTED'] === '1';

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
  const passed = outcomes.filter(({ status }) => status === 'passed');
  const counts = countOps(passed.map(({ ops }) => ops));
  const dtypes = tabulate(passed.flatMap((each) => each.dtypes));
  if (update && folder) {
    const next = { passed: counts, dtypes, failing: known };
    writeFileSync(join(import.meta.dirname, 'expected.json'), `${JSON.stringify(next, null, 2)}\n`);
  }

  it('passes every test that it supports, but for those with a listed reason', () => {
    const failed = outcomes.filter(({ name, status }) => status === 'failed' && !(name in known));
    expect(failed).toEqual([]);
  });

  it('passes at least as many tests of each op as before', () => {
    expect(fewer(expected.passed, counts)).toEqual([]);
  });

  it('passes tests with each element type of each op as before', () => {
    expect(lost(expected.dtypes, dtypes)).toEqual([]);
  });

  it('lists no reason for a test that passes', () => {
    const stale = outcomes.filter(({ name, status }) => status === 'passed' && name in known);
    expect(stale).toEqual([]);
  });
});
