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
  const blocks = lifetimes.map(placedAnywhere);
  const largestFirst = [...blocks].sort((a, b) => b.bytes - a.bytes);
  const placed: Placed[] = [];
  let total = 0;
  for (const block of largestFirst) {
    block.start = smallestGap(placed, block);
    total = Math.max(total, block.start + block.size);
    let position = placed.length;
    while (position > 0 && (placed[position - 1]?.start ?? 0) > block.start) position--;
    placed.splice(position, 0, block);
  }
  return { offsets: blocks.map(({ start }) => start), bytes: total };
}

interface Placed extends Lifetime {
  /** Its bytes, rounded up. */
  readonly size: number;
  start: number;
}

function placedAnywhere({ bytes, first, last }: Lifetime): Placed {
  return { bytes, first, last, size: Math.ceil(bytes / ALIGNMENT) * ALIGNMENT, start: 0 };
}

/**
 * The start of the smallest gap that takes a block between those that are alive at the same time; behind all of them
 * where there is none.
 * @param placed Sorted by start.
 */
function smallestGap(placed: readonly Placed[], { first, last, size }: Placed): number {
  let best = -1;
  let smallest = Number.POSITIVE_INFINITY;
  let reached = 0;
  for (let i = 0; i < placed.length; i++) {
    const other = placed[i];
    if (!other || other.first > last || first > other.last) continue;
    const gap = other.start - reached;
    if (gap >= size && gap < smallest) {
      best = reached;
      smallest = gap;
    }
    const end = other.start + other.size;
    if (end > reached) reached = end;
  }
  return best >= 0 ? best : reached;
}
