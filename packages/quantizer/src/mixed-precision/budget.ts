import { missesLimit, type QualityLimit, type TrialFigures } from '../judging/index.js';
import type { Axis } from './pick-assignments.js';
import type { Limits } from './predict-front.js';

/** What a model may cost; every limit that is given must be met. */
export interface Budget extends Partial<QualityLimit> {
  /** Bytes of the ONNX file. */
  readonly bytes?: number;
  /** Median milliseconds of a run on the first target. */
  readonly milliseconds?: number;
  /** The same over the original's. */
  readonly latencyRatio?: number;
}

/** What assignments are spread over, the axis that counts most first: time where it is limited, or left free by all other limits. */
export function axesOf({ bytes, milliseconds, latencyRatio, minRetention }: Budget): Axis[] {
  if (milliseconds !== undefined || latencyRatio !== undefined) return ['time', 'bytes'];
  return bytes !== undefined && minRetention !== undefined ? ['bytes', 'time'] : ['bytes'];
}

/**
 * What a budget leaves to layers.
 * @param rest Bytes of the file that are no weights of layers.
 * @param original Milliseconds of a run of the original.
 */
export function limitsOf(
  { bytes = Number.POSITIVE_INFINITY, milliseconds, latencyRatio }: Budget,
  rest: number,
  original: number,
): Limits {
  const ratios = [latencyRatio, milliseconds === undefined ? undefined : milliseconds / original];
  const time = Math.min(...ratios.map((ratio) => ratio ?? Number.POSITIVE_INFINITY));
  return { bytes: bytes - rest, time };
}

/** Why a model does not meet a budget, or undefined when it does. */
export function exceeds(figures: TrialFigures, budget: Budget): string | undefined {
  const { bytes, milliseconds, latencyRatio, minRetention } = budget;
  const [latency] = figures.latency;
  const { median = Number.NaN, ratio = Number.NaN } = latency ?? {};
  if (bytes !== undefined && figures.bytes > bytes)
    return `its file has ${figures.bytes} bytes, more than ${bytes}`;
  if (milliseconds !== undefined && !(median <= milliseconds))
    return `a run takes ${median.toPrecision(3)} ms, more than ${milliseconds}`;
  if (latencyRatio !== undefined && !(ratio <= latencyRatio))
    return `a run takes ${ratio.toFixed(2)}x the original's time, more than ${latencyRatio}x`;
  return minRetention === undefined ? undefined : missesLimit(figures, { minRetention });
}

/**
 * The best of some models within a budget, by what the budget leaves free: most of the metric, else the smallest file, else the
 * fastest; most of the metric when it leaves nothing free. Undefined when none is within.
 */
export function bestWithin<T extends { readonly figures: TrialFigures }>(
  points: readonly T[],
  budget: Budget,
): T | undefined {
  const cost = costOf(budget);
  return points
    .filter(({ figures }) => exceeds(figures, budget) === undefined)
    .reduce<T | undefined>(
      (best, point) => (best && cost(best.figures) <= cost(point.figures) ? best : point),
      undefined,
    );
}

function costOf({
  minRetention,
  bytes,
  milliseconds,
  latencyRatio,
}: Budget): (figures: TrialFigures) => number {
  const quality = ({ retention }: TrialFigures): number => -retention;
  if (minRetention === undefined) return quality;
  if (bytes === undefined) return (figures) => figures.bytes;
  if (milliseconds === undefined && latencyRatio === undefined)
    return ({ latency }) => latency[0]?.ratio ?? Number.POSITIVE_INFINITY;
  return quality;
}
