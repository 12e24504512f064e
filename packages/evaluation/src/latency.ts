import type { NamedTensors, Session } from '@octavo/runtime';

/** Milliseconds of one run. */
export interface Latency {
  readonly runs: number;
  readonly median: number;
  readonly p95: number;
  /** Runs a second, one after the other: runs / total time. */
  readonly throughput: number;
}

export interface LatencyOptions {
  /** Most runs of each session; default 1000, which a small model makes in far less time than its budget. */
  readonly runs?: number;
  /** Stops between two runs. */
  readonly signal?: AbortSignal | undefined;
}

/** Milliseconds of work after which the event loop turns once. */
const UNHEARD = 20;

/**
 * Times sessions on the same feeds, interleaved so that drift of the machine's clock meets all alike; a few
 * unmeasured runs come first. `run` is timed, as applications call it.
 * @param budget Milliseconds to spend on each session; at least three runs are made.
 * @throws The signal's reason; as sessions do.
 */
export async function measureLatency(
  sessions: readonly Session[],
  feeds: readonly NamedTensors[],
  budget = 1000,
  { runs = 1000, signal }: LatencyOptions = {},
): Promise<Latency[]> {
  const times: number[][] = sessions.map(() => []);
  const spent = sessions.map(() => 0);
  const isSpent = (index: number): boolean =>
    (spent[index] ?? 0) > budget && (times[index]?.length ?? 0) >= 3;
  let heard = performance.now();
  for (let round = -2; round < runs; round++) {
    if (sessions.every((_, index) => isSpent(index))) break;
    const feed = feeds[Math.abs(round) % feeds.length] ?? {};
    if (signal && performance.now() - heard > UNHEARD) {
      await turn();
      heard = performance.now();
    }
    for (const [index, session] of sessions.entries()) {
      signal?.throwIfAborted();
      if (isSpent(index)) continue;
      const start = performance.now();
      await session.run(feed);
      const time = performance.now() - start;
      spent[index] = (spent[index] ?? 0) + time;
      if (round >= 0) times[index]?.push(time);
    }
  }
  return times.map(summarize);
}

/** Lets the event loop turn, so that an abort is heard while sessions compute on this thread. */
function turn(): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, 0);
  });
}

/** Median, and the smallest time that 95% of the runs do not exceed. */
function summarize(times: readonly number[]): Latency {
  const sorted = [...times].sort((a, b) => a - b);
  const at = (index: number): number => sorted[index] ?? Number.NaN;
  const middle = sorted.length >> 1;
  const median = sorted.length % 2 === 1 ? at(middle) : (at(middle - 1) + at(middle)) / 2;
  const total = times.reduce((sum, time) => sum + time, 0);
  return {
    runs: sorted.length,
    median,
    p95: at(Math.ceil(0.95 * sorted.length) - 1),
    throughput: (1000 * sorted.length) / total,
  };
}
