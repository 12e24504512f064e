import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { cpu } from '@octavo/cpu';
import { reference } from '@octavo/reference';
import { describe, expect, it } from 'vitest';
import { countOps, fewer, lost, tabulate } from './evidence.js';
import expected from './expected-cpu.json' with { type: 'json' };
import { type ModelOutcome, modelTests, runModelTest, STATUSES } from './model-tests.node.js';
import { nodeTestFolder } from './node-test.node.js';

const folder = nodeTestFolder();

describe.skipIf(!folder)(
  'sessions on the CPU backend, then the reference, on the ONNX node tests',
  async () => {
    const outcomes: ModelOutcome[] = [];
    const backends = [cpu(), reference()];
    for (const each of folder ? modelTests(folder) : []) outcomes.push(await runModelTest(each, backends));
    const count = (status: ModelOutcome['status']) =>
      outcomes.filter((each) => each.status === status).length;
    console.log(
      `ONNX node tests in sessions: ${STATUSES.map((status) => `${count(status)} ${status}`).join(', ')}`,
    );
    const passed = outcomes.filter(({ status }) => status === 'passed');
    const counts = countOps(passed.map(({ ops }) => ops));
    const native = tabulate(passed.flatMap((each) => each.native ?? []));
    if (folder && process.env['OCTAVO_UPDATE_EXPECTED'] === '1') {
      const text = JSON.stringify({ passed: counts, native }, null, 2);
      writeFileSync(join(import.meta.dirname, 'expected-cpu.json'), `${text}\n`);
    }

    it('pass every test within the supported types', () => {
      expect(outcomes.filter(({ status }) => status === 'failed')).toEqual([]);
    });

    it('pass at least as many tests of each op as before', () => {
      expect(fewer(expected.passed, counts)).toEqual([]);
    });

    it('run on native kernels at least the element types of each op that they did before', () => {
      expect(lost(expected.native, native)).toEqual([]);
    });
  },
);
