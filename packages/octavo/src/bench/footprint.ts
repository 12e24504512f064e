import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

/** What a runtime costs in a process of its own. */
export interface Footprint {
  /** Milliseconds that the import of the runtime takes, its native addon included. */
  readonly loading: number;
  /** Milliseconds from the path of the model to a session, the runtime being loaded. */
  readonly creation: number;
  /** Largest resident set of a process that created the session and ran it once, in bytes. */
  readonly peakBytes: number;
}

export const RUNTIMES = ['octavo', 'onnxruntime'] as const;
export type Runtime = (typeof RUNTIMES)[number];

const run = promisify(execFile);
const script = fileURLToPath(new URL('../../dist/bench/footprint-process.js', import.meta.url));

/**
 * Creates and runs a session in a fresh process, with random inputs.
 * @param dims Sizes of symbolic dimensions.
 * @returns Undefined where Octavo runs from its sources, which a fresh process of Node cannot.
 */
export async function measureFootprint(
  model: string,
  runtime: Runtime,
  dims: Readonly<Record<string, number>>,
  signal: AbortSignal,
): Promise<Footprint | undefined> {
  if (!existsSync(script)) return undefined;
  const { stdout } = await run(process.execPath, [script, model, runtime, JSON.stringify(dims)], { signal });
  const { loading, creation, peakBytes }: Record<string, unknown> = JSON.parse(stdout);
  return typeof loading === 'number' && typeof creation === 'number' && typeof peakBytes === 'number'
    ? { loading, creation, peakBytes }
    : undefined;
}
