import { OctavoError } from '@octavo/core/tensor';
import { type Divisible, divide, fixBounds, parseSegmentation } from '@octavo/evaluation';

/** A part of the validation data that the calibration set has too little of. */
export interface SegmentGap {
  /** How samples are divided, e.g. `region` or `price:quantile4`. */
  readonly by: string;
  readonly segment: string;
  /** Samples of the segment in each. */
  readonly calibration: number;
  readonly validation: number;
}

/** A segment needs this part of its share of the validation data. */
const LEAST_PART = 0.1;

/** Columns with more values than this are numbers or names, not segments. */
const MOST_SEGMENTS = 64;

/**
 * Segments that are missing from the calibration samples or have less than a tenth of their share there, the largest first.
 * @param specs As `parseSegmentation`; quantiles are those of the validation data.
 * @param unchecked Takes the specs that either set has no columns for, with the reason; grows.
 */
export function segmentGaps(
  calibration: readonly Divisible[],
  validation: readonly Divisible[],
  specs: readonly string[],
  unchecked: string[],
): SegmentGap[] {
  const gaps: SegmentGap[] = [];
  for (const by of specs) {
    try {
      const fixed = fixBounds(validation, parseSegmentation(by));
      const known = new Map(divide(calibration, fixed).map(({ name, indices }) => [name, indices.length]));
      for (const { name, indices } of divide(validation, fixed)) {
        const count = known.get(name) ?? 0;
        if (count / calibration.length < (LEAST_PART * indices.length) / validation.length)
          gaps.push({ by, segment: name, calibration: count, validation: indices.length });
      }
    } catch (error) {
      if (!(error instanceof OctavoError) || error.code === 'SEGMENT_SPEC') throw error;
      unchecked.push(`the segments ${by}: ${error.where ?? 'a sample'}: ${error.fault}`);
    }
  }
  return gaps.toSorted((a, b) => b.validation - a.validation);
}

/** Columns of texts, and labels, that divide both sets into few groups: what is checked when nothing else is asked for. */
export function segmentColumns(
  calibration: readonly Divisible[],
  validation: readonly Divisible[],
): string[] {
  const both = [...calibration, ...validation];
  const columns = Object.keys(validation[0]?.columns ?? {}).filter(
    (column) => !column.includes(':') && both.every(({ columns: each }) => typeof each[column] === 'string'),
  );
  const labels = both.every(({ label }) => label !== undefined) ? ['label'] : [];
  return [...labels, ...columns].filter((column) => {
    const values = new Set(
      validation.map((each) => (column === 'label' ? each.label : each.columns[column])),
    );
    return values.size > 1 && values.size <= MOST_SEGMENTS;
  });
}
