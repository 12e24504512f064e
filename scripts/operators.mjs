import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

// Writes the counts that the conformance tests hold, and docs/operators.md from them: `npm run operators`.
const root = fileURLToPath(new URL('..', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'octavo-operators-'));
const runs = join(folder, 'runs.jsonl');
writeFileSync(runs, '');

/** @param {Record<string, string>} environment @param {string[]} args */
function vitest(environment, ...args) {
  const { status } = spawnSync('npx', ['vitest', 'run', ...args], {
    cwd: root,
    stdio: 'inherit',
    env: { ...process.env, OCTAVO_TEST_SEED: '20', ...environment },
  });
  if (status !== 0) process.exitCode = status ?? 1;
}

const UPDATE = { OCTAVO_UPDATE_EXPECTED: '1' };
vitest({ ...UPDATE, OCTAVO_RECORDED_RUNS: runs }, 'tests/conformance', '--exclude', '**/operators.test.ts');
// The table is made of files that the run before wrote.
vitest({ OCTAVO_RECORDED_RUNS: runs }, 'tests/conformance/operators.test.ts');
spawnSync('npx', ['biome', 'check', '--write', 'tests/conformance'], { cwd: root, stdio: 'inherit' });
rmSync(folder, { recursive: true });
