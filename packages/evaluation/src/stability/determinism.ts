import { type Tensor, toNumbers } from '@octavo/core/tensor';
import type { NamedTensors, Session } from '@octavo/runtime';

/** A session under a name that says how it was opened, e.g. `2 threads`. */
export interface NamedSession {
  readonly name: string;
  readonly session: Session;
}

/** A run that gave other bits than the first run did. */
export interface Deviation {
  /** Session and run, e.g. `2 threads, run 2`. */
  readonly run: string;
  /** Position of the feed. */
  readonly sample: number;
  readonly output: string;
  /** Largest absolute difference; NaN when the shapes differ or a side is NaN. */
  readonly maxAbs: number;
}

/** Runs the same feeds `repeats` times in every session and compares every output, bit by bit, with the very first run. */
export async function findDeviations(
  sessions: readonly NamedSession[],
  feeds: readonly NamedTensors[],
  repeats = 3,
): Promise<Deviation[]> {
  const deviations: Deviation[] = [];
  for (const [sample, feed] of feeds.entries()) {
    let first: NamedTensors | undefined;
    for (const { name, session } of sessions) {
      for (let round = 1; round <= repeats; round++) {
        const outputs = await session.run(feed);
        first ??= outputs;
        deviations.push(...differences(first, outputs, { run: `${name}, run ${round}`, sample }));
      }
    }
  }
  return deviations;
}

function differences(
  first: NamedTensors,
  outputs: NamedTensors,
  place: Pick<Deviation, 'run' | 'sample'>,
): Deviation[] {
  return Object.entries(first).flatMap(([output, expected]) => {
    const found = outputs[output];
    if (found && sameBits(expected, found)) return [];
    return [{ ...place, output, maxAbs: found ? largestDifference(expected, found) : Number.NaN }];
  });
}

function sameBits(a: Tensor, b: Tensor): boolean {
  const [left, right] = [toNumbers(a), toNumbers(b)];
  return a.shape.join() === b.shape.join() && left.every((value, i) => Object.is(value, right[i]));
}

function largestDifference(a: Tensor, b: Tensor): number {
  if (a.shape.join() !== b.shape.join()) return Number.NaN;
  const other = toNumbers(b);
  return Array.from(toNumbers(a)).reduce(
    (most, value, i) => Math.max(most, Math.abs(value - (other[i] ?? 0))),
    0,
  );
}
