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
  const placed: Placed[] = [];
  const largestFirst = [...lifetimes.entries()].sort(([, a], [, b]) => b.bytes - a.bytes);
  let total = 0;
  for (const [index, lifetime] of largestFirst) {
    const size = Math.ceil(lifetime.bytes / ALIGNMENT) * ALIGNMENT;
    const start = smallestGap(placed, lifetime, size);
    offsets[index] = start;
    total = Math.max(total, start + size);
    let position = placed.length;
    while (position > 0 && (placed[position - 1]?.start ?? 0) > start) position--;
    placed.splice(position, 0, { lifetime, start, end: start + size });
  }
  return { offsets, bytes: total };
}

interface Placed {
  readonly lifetime: Lifetime;
  readonly start: number;
  readonly end: number;
}

/**
 * The start of the smallest gap of at least `size` bytes between those that are alive at the same time; behind all of
 * them where there is none.
 * @param placed Sorted by start.
 */
function smallestGap(placed: readonly Placed[], { first, last }: Lifetime, size: number): number {
  let best = -1;
  let smallest = Number.POSITIVE_INFINITY;
  let reached = 0;
  for (let i = 0; i < placed.length; i++) {
    const other = placed[i];
    if (!other || other.lifetime.first > last || first > other.lifetime.last) continue;
    const gap = other.start - reached;
    if (gap >= size && gap < smallest) {
      best = reached;
      smallest = gap;
    }
    if (other.end > reached) reached = other.end;
  }
  return best >= 0 ? best : reached;
}
