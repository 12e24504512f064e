import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { describeWithAddon } from '../tests/addon.js';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const vitest = fileURLToPath(new URL('../../../node_modules/vitest/vitest.mjs', import.meta.url));

/** The outcome of test files in another process. */
function runTests(files: readonly string[], environment: NodeJS.ProcessEnv, ...options: string[]): unknown {
  const { VITEST: _, ...inherited } = process.env;
  const result = spawnSync(process.execPath, [vitest, 'run', ...files, '--reporter=json', ...options], {
    cwd: root,
    encoding: 'utf8',
    env: { ...inherited, ...environment },
  });
  return JSON.parse(result.stdout.slice(result.stdout.indexOf('{')));
}

const [KIT, GRAPHS] = [
  'packages/cpu/src/conformance.test.ts',
  'packages/cpu/src/backend/random-graphs.test.ts',
];
const PASSED = { success: true, numFailedTests: 0 };

/** The feature set is read once a process, so that each restriction needs a process of its own. */
describeWithAddon('in another process, the backend', () => {
  it('passes the conformance kit and random graphs on the scalar kernels', () => {
    const report = runTests([KIT, GRAPHS], { OCTAVO_ISA: 'scalar' });
    expect(report).toMatchObject({ ...PASSED, numPassedTests: expect.toSatisfy((count) => count > 70) });
  }, 60_000);

  it('passes the conformance kit in a worker thread on AVX2', () => {
    const report = runTests([KIT], { OCTAVO_ISA: 'avx2' }, '--pool=threads');
    expect(report).toMatchObject({ ...PASSED, numPassedTests: expect.toSatisfy((count) => count > 60) });
  }, 60_000);
});
