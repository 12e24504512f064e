import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { describeWithAddon } from '../tests/addon.js';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const vitest = fileURLToPath(new URL('../../../node_modules/vitest/vitest.mjs', import.meta.url));

/** The feature set is read once a process, so that each restriction needs a process of its own. */
describeWithAddon('with fewer instruction sets than the CPU has, the backend', () => {
  it.each(['scalar', 'avx2'])(
    'passes the conformance kit and the random graphs on %s',
    (isa) => {
      const { OCTAVO_ISA: _, VITEST: __, ...environment } = process.env;
      const result = spawnSync(
        process.execPath,
        [
          vitest,
          'run',
          'packages/cpu/src/conformance.test.ts',
          'packages/cpu/src/backend',
          '--reporter=json',
        ],
        { cwd: root, encoding: 'utf8', env: { ...environment, OCTAVO_ISA: isa } },
      );
      const report: unknown = JSON.parse(result.stdout.slice(result.stdout.indexOf('{')));
      expect(report).toMatchObject({ success: true, numFailedTests: 0 });
      expect(report).toHaveProperty(
        'numPassedTests',
        expect.toSatisfy((count: number) => count > 70),
      );
    },
    60_000,
  );
});
