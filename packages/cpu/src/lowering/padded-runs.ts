/** How Pad fills what lies outside its input, other than by a constant. */
export type MirrorMode = 'reflect' | 'edge' | 'wrap';

/** Elements along an axis of a padded value that show elements of the input from `from` on, each `step` further. */
export interface PaddedRun {
  readonly from: number;
  readonly step: -1 | 0 | 1;
  readonly to: number;
  readonly count: number;
}

/** The most that a side may be padded by: what lies beyond repeats the input more than once. */
export const MOST_PADDING: Readonly<Record<MirrorMode, (size: number) => number>> = {
  reflect: (size) => size - 1,
  edge: (size) => (size > 0 ? Number.POSITIVE_INFINITY : 0),
  wrap: (size) => size,
};

const SIDES: Readonly<
  Record<MirrorMode, (size: number, begin: number, end: number) => readonly [PaddedRun, PaddedRun]>
> = {
  reflect: (size, begin, end) => [
    { from: begin, step: -1, to: 0, count: begin },
    { from: size - 2, step: -1, to: begin + size, count: end },
  ],
  edge: (size, begin, end) => [
    { from: 0, step: 0, to: 0, count: begin },
    { from: size - 1, step: 0, to: begin + size, count: end },
  ],
  wrap: (size, begin, end) => [
    { from: size - begin, step: 1, to: 0, count: begin },
    { from: 0, step: 1, to: begin + size, count: end },
  ],
};

/**
 * The runs that make a padded axis of `size` elements, in order. Reflection does not repeat the edge element.
 * @param begin Elements before the input's: 0 to {@link MOST_PADDING}, as `end` is of those after it.
 */
export function paddedRuns(mode: MirrorMode, size: number, begin: number, end: number): readonly PaddedRun[] {
  const [before, after] = SIDES[mode](size, begin, end);
  const own: PaddedRun = { from: 0, step: 1, to: begin, count: size };
  return [before, own, after].filter(({ count }) => count > 0);
}
