import { meanOf, relativeChanges } from '../../consistency/index.js';
import { percent } from '../../figure-text.js';
import { divide, parseSegmentation } from '../../segments.js';
import { DEFAULT_MIN_SAMPLES, type Gate, type GateResult, limited, type Measurements } from '../gate.js';
import type { DomainGates, Suite } from '../schema.js';
import { biasOf } from './geography.js';

type Time = NonNullable<DomainGates['time']>;

/** Whether what quantization costs drifts from period to period. */
export const timeGates: Gate = (suite, measurements) => {
  const time = suite.domain?.time;
  if (!time) return [];
  return [
    ...(time.maxBias === undefined ? [] : biasOf('period', time.period, time.maxBias, suite, measurements)),
    ...trend(time, suite, measurements),
    ...dropSpread(time, suite, measurements),
  ];
};

/** Slope, by period, of the mean relative change of the predictions. */
function trend({ period, maxTrend }: Time, suite: Suite, { scored, original }: Measurements): GateResult[] {
  if (maxTrend === undefined) return [];
  const changes = relativeChanges(scored, original);
  const least = suite.minSamples ?? DEFAULT_MIN_SAMPLES;
  const means = divide(scored, parseSegmentation(period))
    .filter(({ indices }) => indices.length >= least)
    .map(({ indices }) => meanOf(changes, indices));
  const name = `trend of the predictions over ${period}`;
  return [limited('domain', name, 'at most', Math.abs(slope(means)), maxTrend, percent)];
}

/** Of the least-squares line through (0, y0), (1, y1) ...; 0 for fewer than two points. */
function slope(values: readonly number[]): number {
  if (values.length < 2) return 0;
  const middle = (values.length - 1) / 2;
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  let [product, square] = [0, 0];
  values.forEach((value, i) => {
    product += (i - middle) * (value - mean);
    square += (i - middle) ** 2;
  });
  return product / square;
}

function dropSpread(
  { period, maxDropSpread }: Time,
  suite: Suite,
  { evaluations }: Measurements,
): GateResult[] {
  if (maxDropSpread === undefined) return [];
  const evaluation = evaluations.find(({ metric }) => metric === suite.metrics?.[0]);
  const least = suite.minSamples ?? DEFAULT_MIN_SAMPLES;
  const drops = (evaluation?.segments.find(({ by }) => by === period)?.segments ?? [])
    .filter(({ count }) => count >= least)
    .map(({ original }) => original?.drop ?? Number.NaN);
  const measured = drops.length < 2 ? 0 : Math.max(...drops) - Math.min(...drops);
  const name = `difference of the drop between ${period} periods`;
  return [limited('domain', name, 'at most', measured, maxDropSpread, percent)];
}
