/** Milliseconds of one call over the rounds of a benchmark. */
export interface Timing {
  readonly rounds: number;
  /** Calls that each round timed together, so that a round is longer than the clock is coarse. */
  readonly callsPerRound: number;
  readonly median: number;
  readonly p95: number;
}

export type Call = () => unknown;

/** Milliseconds that a round should take at least; longer where each begins with a rest. */
const ROUND = 2;
const ROUND_AFTER_REST = 10;

const FEWEST_ROUNDS = 7;

/** Threads of onnxruntime's pool look for work for about 40 milliseconds after a run. */
const REST = 60;

export interface InterleaveOptions {
  /** Milliseconds to spend in rounds, the rests in them too; what is found out before them comes on top. */
  readonly budget: number;
  /** Called between rounds; what it throws ends the benchmark. */
  readonly pause: () => Promise<void>;
  /** Rounds to make at least, however long they take; seven when not given. */
  readonly fewest?: number | undefined;
  /** Threads that each call uses: with more than one, pools of threads come to rest before the next call is timed. */
  readonly threads: number;
}

/**
 * Times calls in turn, round by round, so that whatever disturbs the machine meets all alike. Idle threads of one pool
 * that still look for work would take the cores of the next call's: each call's round then begins with a rest and a call
 * that is not timed.
 */
export async function timeInterleaved(
  calls: readonly Call[],
  { budget, pause, fewest = FEWEST_ROUNDS, threads }: InterleaveOptions,
): Promise<Timing[]> {
  const rested = threads > 1;
  const counts: number[] = [];
  for (const call of calls) {
    if (rested) await rest();
    counts.push(await callsPerRound(call, rested ? ROUND_AFTER_REST : ROUND));
  }
  const samples: number[][] = calls.map(() => []);
  const end = performance.now() + budget;
  for (let round = 0; round < fewest || performance.now() < end; round++) {
    for (const [index, call] of calls.entries()) {
      const count = counts[index] ?? 1;
      if (rested) {
        await rest();
        await elapsed(call, 1);
      }
      samples[index]?.push((await elapsed(call, count)) / count);
    }
    await pause();
  }
  return samples.map((sample, index) => summarize(sample, counts[index] ?? 1));
}

function rest(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, REST));
}

async function callsPerRound(call: Call, round: number): Promise<number> {
  let count = 1;
  for (let warm = 0; warm < 2; warm++) await elapsed(call, 1);
  for (;;) {
    const milliseconds = await elapsed(call, count);
    if (milliseconds >= round) return count;
    count = Math.max(count + 1, Math.ceil((count * round * 1.2) / Math.max(milliseconds, round / 50)));
  }
}

/** A call that answers at once is not made to wait. */
async function elapsed(call: Call, count: number): Promise<number> {
  const start = performance.now();
  for (let i = 0; i < count; i++) {
    const pending = call();
    if (pending instanceof Promise) await pending;
  }
  return performance.now() - start;
}

function summarize(samples: readonly number[], callsPerRound: number): Timing {
  const sorted = samples.toSorted((a, b) => a - b);
  return {
    rounds: sorted.length,
    callsPerRound,
    median: medianOf(sorted),
    p95: sorted[Math.ceil(0.95 * sorted.length) - 1] ?? Number.NaN,
  };
}

/** The middle of some numbers, or the mean of the two in the middle. */
export function medianOf(numbers: readonly number[]): number {
  const sorted = numbers.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2;
}
