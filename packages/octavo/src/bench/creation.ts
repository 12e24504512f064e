import { createSession } from '@octavo/runtime';
import { createOnnxRuntimeSession } from '@octavo/runtime/onnxruntime';
import { defaultBackends } from '../sessions.js';
import { type Call, type Timing, timeInterleaved } from './interleaved.js';

/** Milliseconds from the path of a model to a session of each runtime, and its disposal, in the same rounds. */
export interface CreationResult {
  readonly octavo: Timing;
  readonly onnxruntime: Timing;
  /** How many times faster Octavo is: onnxruntime's median over ours. */
  readonly ratio: number;
}

/** Rounds to time, where they take no longer than `LONGEST` milliseconds together. */
const ROUNDS = 15;
const LONGEST = 30_000;

/**
 * Creates and disposes of sessions of both runtimes in turn, over and over in this process: what all but the first
 * session of a process cost.
 * @param options.budget Milliseconds to spend at least.
 */
export async function timeCreation(
  path: string,
  options: {
    readonly dims: Readonly<Record<string, number>>;
    readonly budget: number;
    readonly pause: () => Promise<void>;
  },
): Promise<CreationResult> {
  const { dims, budget, pause } = options;
  const backends = defaultBackends();
  const calls: Call[] = [
    async () => (await createSession(path, { backends, dims })).dispose(),
    async () => (await createOnnxRuntimeSession(path, { exact: false })).dispose(),
  ];
  const start = performance.now();
  for (const call of calls) await call();
  const affordable = Math.floor(LONGEST / (performance.now() - start));
  const fewest = Math.max(1, Math.min(ROUNDS, affordable));
  // Nothing runs in these sessions, so their pools of threads are at rest.
  const [octavo, onnxruntime] = await timeInterleaved(calls, { budget, pause, fewest, threads: 1 });
  if (!octavo || !onnxruntime) throw new Error('two calls were timed');
  return { octavo, onnxruntime, ratio: onnxruntime.median / octavo.median };
}
