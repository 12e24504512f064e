import type { Evaluation } from '@octavo/evaluation';

/** Puts the segments of each segmentation into the order of the names given for it; others keep theirs. */
export function orderSegments(
  evaluation: Evaluation,
  order: Readonly<Record<string, readonly string[]>>,
): Evaluation {
  const segments = evaluation.segments.map((segmentation) => {
    const names = order[segmentation.by] ?? [];
    const sorted = [...segmentation.segments].sort(
      (left, right) => names.indexOf(left.name) - names.indexOf(right.name),
    );
    return { ...segmentation, segments: sorted };
  });
  return { ...evaluation, segments };
}
