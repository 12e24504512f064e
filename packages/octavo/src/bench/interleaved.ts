/** Milliseconds of one call over the rounds of a benchmark. */
export interface Timing {
  readonly rounds: number;
  /** Calls that each round timed together, so that a round is longer than the clock is coarse. */
  readonly callsPerRound: number;
  readonly median: number;
  readonly p95: number;
}

export type Call = () => unknown;

/** Milliseconds that a round should take at least. */
const ROUND = 2;

const FEWEST_ROUNDS = 7;

/**
 * Times calls in turn, round by round, so that whatever disturbs the machine meets all alike.
 * @param budget Milliseconds to spend in all.
 * @param pause Called between rounds; what it throws ends the benchmark.
 * @param fewest Rounds to make at least, however long they take; seven when not given.
 */
export async function timeInterleaved(
  calls: readonly Call[],
  budget: number,
  pause: () => Promise<void>,
  fewest = FEWEST_ROUNDS,
): Promise<Timing[]> {
  const counts: number[] = [];
  for (const call of calls) counts.push(await callsPerRound(call));
  const samples: number[][] = calls.map(() => []);
  const end = performance.now() + budget;
  for (let round = 0; round < fewest || performance.now() < end; round++) {
    for (const [index, call] of calls.entries()) {
      const count = counts[index] ?? 1;
      samples[index]?.push((await elapsed(call, count)) / count);
    }
    await pause();
  }
  return samples.map((sample, index) => summarize(sample, counts[index] ?? 1));
}

async function callsPerRound(call: Call): Promise<number> {
  let count = 1;
  for (let warm = 0; warm < 2; warm++) await elapsed(call, 1);
  for (;;) {
    const milliseconds = await elapsed(call, count);
    if (milliseconds >= ROUND) return count;
    count = Math.max(count + 1, Math.ceil((count * ROUND * 1.2) / Math.max(milliseconds, ROUND / 50)));
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
  const at = (index: number): number => sorted[index] ?? Number.NaN;
  const middle = sorted.length >> 1;
  const median = sorted.length % 2 === 1 ? at(middle) : (at(middle - 1) + at(middle)) / 2;
  return {
    rounds: sorted.length,
    callsPerRound,
    median,
    p95: at(Math.ceil(0.95 * sorted.length) - 1),
  };
}
