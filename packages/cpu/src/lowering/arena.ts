/** Memory that is needed from op `first` to op `last`, both included. */
export interface Lifetime {
  readonly bytes: number;
  readonly first: number;
  readonly last: number;
}

export interface ArenaPlan {
  /** Where each lifetime's memory starts, in bytes; a multiple of 64. */
  readonly offsets: readonly number[];
  readonly bytes: number;
}

const ALIGNMENT = 64;

/**
 * Places memory so that lifetimes that overlap in time do not overlap in space: largest first, each in the smallest
 * gap that takes it (greedy by size; Pisarchyk and Lee, "Efficient memory management for deep neural net inference",
 * 2020).
 */
export function planArena(lifetimes: readonly Lifetime[]): ArenaPlan {
  const offsets = new Array<number>(lifetimes.length).fill(0);
  const placed: { readonly lifetime: Lifetime; readonly start: number; readonly end: number }[] = [];
  const largestFirst = lifetimes.map((lifetime, index) => ({ lifetime, index }));
  largestFirst.sort((a, b) => b.lifetime.bytes - a.lifetime.bytes);
  let total = 0;
  for (const { lifetime, index } of largestFirst) {
    const size = Math.ceil(lifetime.bytes / ALIGNMENT) * ALIGNMENT;
    const alive = placed.filter(
      (other) => other.lifetime.first <= lifetime.last && lifetime.first <= other.lifetime.last,
    );
    const start = smallestGap(alive, size);
    offsets[index] = start;
    total = Math.max(total, start + size);
    const position = placed.findIndex((other) => other.start > start);
    placed.splice(position < 0 ? placed.length : position, 0, { lifetime, start, end: start + size });
  }
  return { offsets, bytes: total };
}

/** The start of the smallest gap of at least `size` bytes; behind all of them where there is none. Sorted by start. */
function smallestGap(
  alive: readonly { readonly start: number; readonly end: number }[],
  size: number,
): number {
  let [best, smallest, reached] = [-1, Number.POSITIVE_INFINITY, 0];
  for (const { start, end } of alive) {
    const gap = start - reached;
    if (gap >= size && gap < smallest) [best, smallest] = [reached, gap];
    reached = Math.max(reached, end);
  }
  return best >= 0 ? best : reached;
}
