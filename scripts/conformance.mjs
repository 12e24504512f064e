import { spawnSync } from 'node:child_process';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

// Runs ONNX's backend node tests, or the folders given, on each backend: `npm run conformance [-- folder...]`.
const folders = process.argv.slice(2).map((folder) => resolve(folder));
const root = fileURLToPath(new URL('..', import.meta.url));
const { status } = spawnSync('npx', ['vitest', 'run', '--config', 'vitest.conformance.config.ts'], {
  cwd: root,
  stdio: 'inherit',
  env: { ...process.env, OCTAVO_CONFORMANCE_FOLDERS: folders.join('\n') },
});
process.exitCode = status ?? 1;
