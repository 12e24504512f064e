import { type RealRange, shareBeyond } from '@octavo/core/quant';
import type { Calibration } from '../calibration.js';
import { QuantizerError } from '../quantizer-error.js';
import type { FeatureRange, SampleProfile } from './sample-profile.js';

/** Numbers of the validation data that lie beyond those of the calibration set. */
export interface RangeGap {
  /** The input or activation. */
  readonly value: string;
  /** Position of the feature in an input's rows; null for whole tensors. */
  readonly feature: number | null;
  readonly calibrated: RealRange;
  readonly validation: RealRange;
  /** How far beyond, in widths of the calibrated range; infinite where calibration saw a single number. */
  readonly excess: number;
  /** Share of the validation numbers that lie beyond, to within a bin of the histogram; null for inputs. */
  readonly share: number | null;
  /** The validation sample that reaches farthest; null for activations. */
  readonly sample: string | null;
}

/** Any two finite samples differ at their ends: a gap reaches this part of the range's width beyond it ... */
const LEAST_EXCESS = 0.25;

/** ... or is of this share of the numbers. */
const LEAST_SHARE = 0.001;

/**
 * Features of inputs that the validation data leave, the farthest first.
 * @param unchecked Gets what cannot be compared.
 */
export function inputGaps(
  calibration: SampleProfile,
  validation: SampleProfile,
  unchecked: string[],
): RangeGap[] {
  const gaps: RangeGap[] = [];
  for (const [value, ranges] of validation.inputs) {
    const known = calibration.inputs.get(value) ?? [];
    if (known.length !== ranges.length) {
      unchecked.push(
        `${value}: ${widthOf(known)} in the calibration set, ${widthOf(ranges)} in the validation data`,
      );
      continue;
    }
    ranges.forEach((range, feature) => {
      const from = known[feature];
      if (!from || isEmpty(range)) return;
      const position = ranges.length > 1 ? feature : null;
      if (isEmpty(from)) {
        unchecked.push(
          `${position === null ? value : `${value}[${position}]`}: the calibration set has no numbers`,
        );
        return;
      }
      const excess = excessOf(from, range);
      if (!(excess >= LEAST_EXCESS)) return;
      const calibrated = { min: from.min, max: from.max };
      const sample = farther(calibrated, range);
      gaps.push({
        value,
        feature: position,
        calibrated,
        validation: { min: range.min, max: range.max },
        excess,
        share: null,
        sample,
      });
    });
  }
  return sorted(gaps);
}

/** Activations whose range in validation leaves that of the calibration, the farthest first. */
export function activationGaps(calibration: Calibration, validation: Calibration): RangeGap[] {
  const gaps: RangeGap[] = [];
  for (const value of validation.values) {
    const [calibrated, found] = [rangeOf(calibration, value), rangeOf(validation, value)];
    if (!calibrated || !found) continue;
    const [excess, share] = [excessOf(calibrated, found), shareOf(validation, value, calibrated)];
    if (!(excess >= LEAST_EXCESS || (share ?? 0) >= LEAST_SHARE)) continue;
    gaps.push({
      value,
      feature: null,
      calibrated,
      validation: found,
      excess,
      share: share ?? null,
      sample: null,
    });
  }
  return sorted(gaps);
}

/** Whether all that was seen is NaN. */
function isEmpty({ min, max }: RealRange): boolean {
  return min > max;
}

function widthOf({ length }: readonly FeatureRange[]): string {
  return length === 0 ? 'none' : length === 1 ? 'no rows of features' : `rows of ${length} features`;
}

function excessOf(known: RealRange, found: RealRange): number {
  const beyond = Math.max(known.min - found.min, found.max - known.max, 0);
  return beyond === 0 ? 0 : beyond / (known.max - known.min);
}

function farther(known: RealRange, { min, max, minSample, maxSample }: FeatureRange): string {
  return known.min - min > max - known.max ? minSample : maxSample;
}

/** The numbers seen; undefined where there were none. */
function rangeOf(calibration: Calibration, value: string): RealRange | undefined {
  try {
    return calibration.range(value, { observer: 'minmax', dtype: 'uint8', symmetric: false });
  } catch (error) {
    if (error instanceof QuantizerError && error.code === 'CALIBRATION_UNSEEN') return undefined;
    throw error;
  }
}

function shareOf(validation: Calibration, value: string, range: RealRange): number | undefined {
  for (const observer of validation.of(value)) {
    const share = shareBeyond(observer.toJSON(), range);
    if (share !== undefined) return share;
  }
  return undefined;
}

function sorted(gaps: readonly RangeGap[]): RangeGap[] {
  return gaps.toSorted((a, b) => (a.excess === b.excess ? 0 : b.excess - a.excess));
}
