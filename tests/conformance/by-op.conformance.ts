import { existsSync } from 'node:fs';
import type { Backend } from '@octavo/backend';
import { OctavoError } from '@octavo/core/tensor';
import { cpu } from '@octavo/cpu';
import { reference } from '@octavo/reference';
import { describe, expect, it } from 'vitest';
import { type ModelOutcome, modelTests, runModelTest, STATUSES } from './model-tests.node.js';
import { nodeTestFolder } from './node-test.node.js';

const given = process.env['OCTAVO_CONFORMANCE_FOLDERS']?.split('\n').filter((each) => each !== '') ?? [];
const standard = nodeTestFolder();
const folders = given.length > 0 ? given : standard ? [standard] : [];

describe.each(backendLists())('%s', (_, backends) => {
  it('passes every test within the supported types', { timeout: 900_000 }, async () => {
    expect(folders.filter((folder) => !existsSync(folder))).toEqual([]);
    const outcomes: ModelOutcome[] = [];
    for (const folder of folders.flatMap(modelTests)) outcomes.push(await runModelTest(folder, backends));
    console.log(report(outcomes));
    expect(outcomes.length).toBeGreaterThan(0);
    expect(outcomes.filter(({ status }) => status === 'failed')).toEqual([]);
  });
});

function backendLists(): [string, Backend[]][] {
  try {
    return [
      ['reference', [reference()]],
      ['cpu, then reference', [cpu(), reference()]],
    ];
  } catch (error) {
    if (!(error instanceof OctavoError)) throw error;
    console.warn(`The CPU backend is left out: ${error.code}.`);
    return [['reference', [reference()]]];
  }
}

/** A line an op with its counts, then failures, then why tests are out of scope. */
function report(outcomes: readonly ModelOutcome[]): string {
  const ops = [...new Set(outcomes.flatMap((each) => each.ops))].sort();
  const count = (list: readonly ModelOutcome[]) =>
    STATUSES.map((status) => String(list.filter((each) => each.status === status).length).padStart(13)).join(
      '',
    );
  const rows = ops.map((op) => `${op.padEnd(36)}${count(outcomes.filter((each) => each.ops.includes(op)))}`);
  const reasons = new Map<string, number>();
  for (const { status, detail } of outcomes)
    if (status === 'out of scope' || status === 'unregistered')
      reasons.set(detail, (reasons.get(detail) ?? 0) + 1);
  return [
    `${'op'.padEnd(36)}${STATUSES.map((status) => status.padStart(13)).join('')}`,
    ...rows,
    `${'all tests'.padEnd(36)}${count(outcomes)}`,
    ...outcomes
      .filter((each) => each.status === 'failed')
      .map(({ name, detail }) => `failed ${name}: ${detail}`),
    ...[...reasons]
      .sort((a, b) => b[1] - a[1])
      .map(([reason, times]) => `${String(times).padStart(5)} ${reason}`),
  ].join('\n');
}
