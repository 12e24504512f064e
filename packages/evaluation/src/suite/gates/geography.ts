import { meanOf, neighbourhoods, relativeChanges } from '../../consistency/index.js';
import { percent } from '../../figure-text.js';
import { divide, parseSegmentation } from '../../segments.js';
import {
  DEFAULT_MIN_SAMPLES,
  type Gate,
  type GateResult,
  limited,
  type Measurements,
  tooSmall,
} from '../gate.js';
import type { DomainGates, Suite } from '../schema.js';

type Geography = NonNullable<DomainGates['geography']>;

/** Samples in a neighbourhood, itself among them. */
const DEFAULT_NEIGHBOURS = 20;

/** Whether quantization moves the predictions of a region, or of any neighbourhood, one way. */
export const geographyGates: Gate = (suite, measurements) => {
  const geography = suite.domain?.geography;
  if (!geography) return [];
  return [
    ...(geography.region === undefined
      ? []
      : biasOf('region', geography.region, geography.maxBias, suite, measurements)),
    ...neighbourBias(geography, measurements),
  ];
};

/** The mean relative change of the predictions of every segment. */
export function biasOf(
  kind: string,
  spec: string,
  limit: number,
  suite: Suite,
  { scored, original }: Measurements,
): GateResult[] {
  const changes = relativeChanges(scored, original);
  const least = suite.minSamples ?? DEFAULT_MIN_SAMPLES;
  return divide(scored, parseSegmentation(spec)).map(({ name, indices }) => {
    const title = `bias by ${kind}, ${spec}: ${name}`;
    if (indices.length < least) return tooSmall('domain', title, indices.length, least);
    return limited('domain', title, 'at most', Math.abs(meanOf(changes, indices)), limit, percent);
  });
}

function neighbourBias(
  { latitude, longitude, neighbours = DEFAULT_NEIGHBOURS, maxBias }: Geography,
  { scored, original }: Measurements,
): GateResult[] {
  if (latitude === undefined || longitude === undefined) return [];
  const changes = relativeChanges(scored, original);
  const [worst] = neighbourhoods(scored, changes, { latitude, longitude }, neighbours);
  const measured = worst ? Math.abs(worst.mean) : Number.NaN;
  const place = worst ? `, worst: around ${worst.id}` : '';
  const name = `bias of ${neighbours} neighbours${place}`;
  return [limited('domain', name, 'at most', measured, maxBias, percent)];
}
