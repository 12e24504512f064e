import { number, percent } from '@octavo/evaluation';
import type { Calibration } from '../calibration.js';
import { activationGaps, inputGaps, type RangeGap } from './range-gaps.js';
import type { SampleProfile } from './sample-profile.js';
import { type SegmentGap, segmentColumns, segmentGaps } from './segment-gaps.js';

/** Where validation data lie beyond what a model was calibrated on. */
export interface Coverage {
  readonly calibrationSamples: number;
  readonly validationSamples: number;
  readonly inputs: readonly RangeGap[];
  readonly activations: readonly RangeGap[];
  readonly segments: readonly SegmentGap[];
  /** What could not be compared, and why. */
  readonly unchecked: readonly string[];
}

/** What is known of a set of samples; what is absent is not compared. */
export interface ObservedSet {
  /** What its samples made of the model's activations. */
  readonly activations?: Calibration | undefined;
  readonly profile?: SampleProfile | undefined;
}

/**
 * Compares a calibration set with validation data: numbers beyond the range that calibration saw, by feature of the inputs
 * and by activation, and segments that it has none or too few samples of.
 * @param segments As `parseSegmentation`; when empty, labels and columns of texts with 2 to 64 values.
 * @throws EvaluationError `SEGMENT_SPEC`.
 */
export function findGaps(
  calibration: ObservedSet,
  validation: ObservedSet,
  segments: readonly string[] = [],
): Coverage {
  const unchecked: string[] = [];
  const [known, found] = [calibration.profile, validation.profile];
  if (!known || !found) unchecked.push('inputs and segments: the samples of both sets are not at hand');
  const [before, after] = [calibration.activations, validation.activations];
  if (!before || !after) unchecked.push('activations: they were not observed on both sets');
  const specs =
    known && found && segments.length === 0 ? segmentColumns(known.samples, found.samples) : segments;
  return {
    calibrationSamples: before?.samples ?? known?.samples.length ?? 0,
    validationSamples: after?.samples ?? found?.samples.length ?? 0,
    inputs: known && found ? inputGaps(known, found, unchecked) : [],
    activations: before && after ? activationGaps(before, after) : [],
    segments: known && found ? segmentGaps(known.samples, found.samples, specs, unchecked) : [],
    unchecked,
  };
}

/** Gaps of a kind that a warning names; the others are counted. */
const NAMED = 5;

/** One sentence for each kind of gap; none where the calibration set covers the validation data. */
export function coverageWarnings({ inputs, activations, segments, ...sizes }: Coverage): string[] {
  const { calibrationSamples, validationSamples } = sizes;
  return [
    list('inputs of the validation data lie beyond the calibration set', inputs.map(rangeText)),
    list('activations on the validation data lie beyond their calibrated range', activations.map(rangeText)),
    list(
      `the calibration set has too few samples of segments of the validation data (${calibrationSamples} for ${validationSamples} in all)`,
      segments.map(
        ({ by, segment, ...counts }) =>
          `${by} "${segment}" has ${counts.calibration} for ${counts.validation}`,
      ),
    ),
  ].flatMap((warning) => warning ?? []);
}

function rangeText({ value, feature, calibrated, validation, share, sample }: RangeGap): string {
  const name = feature === null ? value : `${value}[${feature}]`;
  const detail = share === null ? sample : `${percent(share)} of its numbers`;
  return (
    `${name}: ${number(validation.min)} to ${number(validation.max)}, calibrated on ${number(calibrated.min)} ` +
    `to ${number(calibrated.max)}${detail ? ` (${detail})` : ''}`
  );
}

function list(what: string, texts: readonly string[]): string | undefined {
  if (texts.length === 0) return undefined;
  const more = texts.length > NAMED ? `; and ${texts.length - NAMED} more` : '';
  return `${what}: ${texts.slice(0, NAMED).join('; ')}${more}.`;
}
