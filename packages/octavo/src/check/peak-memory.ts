import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { BackendName } from '../sessions.js';

/** Built: the probe runs in a process of its own, where the memory of nothing else is seen. */
const PROBE = fileURLToPath(new URL('../../dist/check/memory-probe.js', import.meta.url));

/** Milliseconds. */
const TIMEOUT = 120_000;

/**
 * Bytes by which a process grows at most when it opens and runs a model on random inputs, over a process that ran a model
 * of one op; null (with a notice) where the probe cannot run.
 */
export async function measurePeakMemory(
  file: string,
  backend: BackendName,
  notice: (line: string) => void,
  signal: AbortSignal,
): Promise<number | null> {
  if (!existsSync(PROBE)) {
    notice('Peak memory is not measured: the package is not built.');
    return null;
  }
  try {
    const options = { timeout: TIMEOUT, signal, maxBuffer: 1 << 20 };
    const { stdout } = await promisify(execFile)(process.execPath, [PROBE, file, backend], options);
    const { bytes } = JSON.parse(stdout);
    if (typeof bytes === 'number') return bytes;
    throw new TypeError('the probe printed no number');
  } catch (error) {
    signal.throwIfAborted();
    const fault = error instanceof Error ? error.message : String(error);
    notice(`The peak memory of ${file} is not measured: ${fault.split('\n').at(-2) ?? fault}`);
    return null;
  }
}
