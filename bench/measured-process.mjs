import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * Runs a script in a process of its own: its seconds and its peak resident set in bytes. Throws when it fails.
 *
 * @param {string} folder where a file may be written
 * @param {readonly string[]} command script and arguments
 */
export function measuredProcess(folder, command) {
  const peakFile = join(folder, 'peak');
  const start = performance.now();
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    ['--import', new URL('peak-memory.mjs', import.meta.url).href, ...command],
    { encoding: 'utf8', env: { ...process.env, OCTAVO_PEAK_FILE: peakFile } },
  );
  if (status !== 0) throw new Error(`${command.join(' ')} ended with ${status}:\n${stderr}${stdout}`);
  return { seconds: (performance.now() - start) / 1000, peak: Number(readFileSync(peakFile, 'utf8')) };
}
