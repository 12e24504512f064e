import { loadOnnx } from '@octavo/formats/node';
import { createSession, type NamedTensors, type Session, SessionError } from '@octavo/runtime';
import { createOnnxRuntimeSession } from '@octavo/runtime/onnxruntime';
import { defaultBackends } from '../sessions.js';
import { type CreationResult, timeCreation } from './creation.js';
import { type Footprints, measureFootprints } from './footprint.js';
import { type Call, type Timing, timeInterleaved } from './interleaved.js';
import { type Machine, thisMachine } from './machine.js';

export interface ModelBenchOptions {
  /** Numbers of threads to measure with. */
  readonly threads: readonly number[];
  /** Milliseconds of timing for each number of threads. */
  readonly budget: number;
  /** Sizes of symbolic dimensions. */
  readonly dims: Readonly<Record<string, number>>;
  readonly signal: AbortSignal;
  readonly notice: (line: string) => void;
  /** Called between rounds. */
  readonly pause: () => Promise<void>;
}

/** A call of each runtime, timed in the same rounds. */
export interface ThreadsResult {
  readonly threads: number;
  readonly octavo: Timing;
  readonly onnxruntime: Timing;
  /** How many times faster Octavo is: onnxruntime's median over ours. */
  readonly ratio: number;
}

/** What `octavo bench model --json` prints; times are in milliseconds. */
export interface ModelBenchmark {
  readonly model: string;
  readonly machine: Machine;
  readonly results: readonly ThreadsResult[];
  /** Sessions created over and over in one process. */
  readonly creation: CreationResult;
  /** Each in processes of its own; null when that is not possible. */
  readonly footprint: Footprints | null;
}

/**
 * Times a model on our backends and on onnxruntime, interleaved, on the same inputs. onnxruntime runs as it comes, which
 * may saturate products of 8-bit integers where that is quicker.
 * @throws SessionError as `createSession` and `createOnnxRuntimeSession`.
 */
export async function benchModel(
  path: string,
  feeds: NamedTensors,
  options: ModelBenchOptions,
): Promise<ModelBenchmark> {
  const results: ThreadsResult[] = [];
  for (const threads of options.threads) results.push(await compare(path, feeds, threads, options));
  return {
    model: path,
    machine: thisMachine(),
    results,
    creation: await timeCreation(path, { ...options, budget: options.budget / 3 }),
    footprint: (await measureFootprints(path, options.dims, options.signal)) ?? null,
  };
}

async function compare(
  path: string,
  feeds: NamedTensors,
  threads: number,
  { dims, budget, pause, notice }: ModelBenchOptions,
): Promise<ThreadsResult> {
  const model = await loadOnnx(path);
  using ours = await createSession(model, { backends: defaultBackends(notice), threads, dims });
  using theirs = await createOnnxRuntimeSession(path, { threads, exact: false });
  await ours.run(feeds);
  const calls: Call[] = [callOf(ours, feeds), () => theirs.run(feeds)];
  const [octavo, onnxruntime] = await timeInterleaved(calls, { budget, pause, threads });
  if (!octavo || !onnxruntime) throw new Error('two calls were timed');
  return { threads, octavo, onnxruntime, ratio: onnxruntime.median / octavo.median };
}

/** A session as applications call it: at once where it can. */
function callOf(session: Session, feeds: NamedTensors): Call {
  try {
    session.runSync(feeds);
    return () => session.runSync(feeds);
  } catch (error) {
    if (!(error instanceof SessionError) || error.code !== 'SESSION_ASYNC') throw error;
    return () => session.run(feeds);
  }
}
