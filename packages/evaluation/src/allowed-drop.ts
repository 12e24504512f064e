import type { Comparison } from './evaluate.js';

/**
 * The drop within which a model keeps a share of the original's metric: (1 - share) of the original for scores, and
 * 1 / share - 1 for errors, whose drop is relative.
 */
export function allowedDrop(
  share: number,
  original: Pick<Comparison, 'value'>,
  { higherIsBetter }: { readonly higherIsBetter: boolean },
): number {
  return higherIsBetter ? (1 - share) * original.value : 1 / share - 1;
}
