import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { medianOf } from './interleaved.js';

/** What a runtime costs in a process of its own: the medians of several processes. */
export interface Footprint {
  /** Milliseconds that the import of the runtime takes, its native addon included. */
  readonly loading: number;
  /** Milliseconds from the path of the model to a session, the first of its process, the runtime being loaded. */
  readonly creation: number;
  /** Largest resident set of a process that created the session and ran it once, in bytes. */
  readonly peakBytes: number;
}

export type Runtime = 'octavo' | 'onnxruntime';

export type Footprints = Readonly<Record<Runtime, Footprint>>;

/** Processes of each runtime; fewer where they take longer than `LONGEST` milliseconds together. */
const PROCESSES = 5;
const LONGEST = 20_000;

const run = promisify(execFile);
const script = fileURLToPath(new URL('../../dist/bench/footprint-process.js', import.meta.url));

/**
 * Creates and runs a session in fresh processes, with random inputs, one runtime after the other in turn.
 * @param dims Sizes of symbolic dimensions.
 * @returns Undefined where Octavo runs from its sources, which a fresh process of Node cannot.
 */
export async function measureFootprints(
  model: string,
  dims: Readonly<Record<string, number>>,
  signal: AbortSignal,
): Promise<Footprints | undefined> {
  if (!existsSync(script)) return undefined;
  const found: Record<Runtime, Footprint[]> = { octavo: [], onnxruntime: [] };
  const end = performance.now() + LONGEST;
  for (let round = 0; round === 0 || (round < PROCESSES && performance.now() < end); round++) {
    for (const runtime of ['octavo', 'onnxruntime'] as const) {
      const footprint = await footprintOf(model, runtime, dims, signal);
      if (!footprint) return undefined;
      found[runtime].push(footprint);
    }
  }
  return { octavo: medianFootprint(found.octavo), onnxruntime: medianFootprint(found.onnxruntime) };
}

async function footprintOf(
  model: string,
  runtime: Runtime,
  dims: Readonly<Record<string, number>>,
  signal: AbortSignal,
): Promise<Footprint | undefined> {
  const { stdout } = await run(process.execPath, [script, model, runtime, JSON.stringify(dims)], { signal });
  const { loading, creation, peakBytes }: Record<string, unknown> = JSON.parse(stdout);
  return typeof loading === 'number' && typeof creation === 'number' && typeof peakBytes === 'number'
    ? { loading, creation, peakBytes }
    : undefined;
}

function medianFootprint(footprints: readonly Footprint[]): Footprint {
  return {
    loading: medianOf(footprints.map(({ loading }) => loading)),
    creation: medianOf(footprints.map(({ creation }) => creation)),
    peakBytes: Math.round(medianOf(footprints.map(({ peakBytes }) => peakBytes))),
  };
}
