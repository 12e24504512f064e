import { calibrationMismatch } from './calibration-mismatch.js';

/** Samples of one set that a calibration has seen: some of the shards into which the set was cut. */
export interface SeenData {
  /**
   * Tells sets apart; equal on every machine that feeds a model with the same numbers. SHA-256 in hexadecimal of up to 16
   * samples, evenly spaced from the first to the last: sets that differ only in others are taken for the same.
   */
  readonly digest: string;
  /** Samples in all shards together. */
  readonly samples: number;
  /** Shards seen, ascending from 1. A set that was seen whole is shard 1 of 1. */
  readonly shards: readonly number[];
  /** Number of shards. */
  readonly of: number;
}

/** What a calibration was observed on. */
export interface CalibrationOrigin {
  /** SHA-256 in hexadecimal of the model: of its graph and weights. */
  readonly model: string;
  /** In the order of their digests. */
  readonly data: readonly SeenData[];
}

/**
 * The origin of what two calibrations have seen together. Shards that make a set whole become the whole set, so that
 * the order of joining leaves no trace.
 * @param where The second one, for errors.
 * @throws QuantizerError `CALIBRATION_MISMATCH` for two models, or samples that both have seen.
 */
export function joinOrigins(
  first: CalibrationOrigin,
  second: CalibrationOrigin,
  where?: string,
): CalibrationOrigin {
  requireModel(second, first.model, where);
  const sets = new Map(first.data.map((seen) => [keyOfData(seen), seen]));
  for (const more of second.data) {
    const known = sets.get(keyOfData(more));
    sets.set(keyOfData(more), known ? joinShards(known, more, where) : more);
  }
  const data = [...sets].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, seen]) => seen);
  return { model: first.model, data };
}

/**
 * Refuses to take a calibration for another model's.
 * @param model The fingerprint of the model at hand.
 * @throws QuantizerError `CALIBRATION_MISMATCH`.
 */
export function requireModel(origin: CalibrationOrigin, model: string, where?: string): void {
  if (origin.model === model) return;
  const [calibrated, given] = [origin.model, model].map((each) => each.slice(0, 12));
  throw calibrationMismatch(
    where,
    `it is of another model: calibrated was ${calibrated}, found ${given} (SHA-256 of graph and weights).`,
    'Use the model that was calibrated, or calibrate this one: ranges of other weights do not fit.',
  );
}

/**
 * Refuses to go on with a calibration of anything else.
 * @throws QuantizerError `CALIBRATION_MISMATCH` naming what differs.
 */
export function requireOrigin(
  found: CalibrationOrigin | undefined,
  wanted: CalibrationOrigin,
  where?: string,
): void {
  if (found) requireModel(found, wanted.model, where);
  const [before, now] = [found, wanted].map(
    (each) => each?.data.map(describeSeen).join(', ') ?? 'unknown data',
  );
  if (before === now) return;
  throw calibrationMismatch(
    where,
    `the calibration was begun on ${before}; it cannot go on with ${now}.`,
    'Give the same data and flags, or another output file, which octavo merge can join to this one.',
  );
}

/** How many samples the shards hold that a calibration was begun on. */
export function samplesBegun({ data }: CalibrationOrigin): number {
  return data.reduce((sum, seen) => sum + samplesOf(seen), 0);
}

/** What of its data a calibration has not seen, in words; nothing when it has seen all. */
export function unseenData(origin: CalibrationOrigin, samples: number): string[] {
  const missing = origin.data.filter(({ shards, of }) => shards.length < of).map(describeMissing);
  const begun = samplesBegun(origin);
  return samples < begun ? [...missing, `${begun - samples} of the ${begun} samples begun`] : missing;
}

/** Shards that messages name before they count. */
const NAMED = 8;

function describeMissing({ digest, samples, shards, of }: SeenData): string {
  const names: string[] = [];
  for (let shard = 1; shard <= of && names.length < NAMED; shard++)
    if (!shards.includes(shard)) names.push(`${shard}/${of}`);
  const more = of - shards.length - names.length;
  const list = more > 0 ? `${names.join(', ')} and ${more} more` : names.join(', ');
  return `shard ${list} of ${samples} samples (data ${digest.slice(0, 12)})`;
}

function joinShards(known: SeenData, more: SeenData, where?: string): SeenData {
  // Whole sets hold every shard, however many.
  if (known.of !== more.of && known.of > 1 && more.of > 1)
    throw calibrationMismatch(
      where,
      `its data are cut into another number of shards: ${describeSeen(more)} after ${describeSeen(known)}.`,
      'Calibrate all shards with the same number of them.',
    );
  if (known.of !== more.of || more.shards.some((shard) => known.shards.includes(shard)))
    throw calibrationMismatch(
      where,
      `its samples were merged already: ${describeSeen(more)} after ${describeSeen(known)}.`,
      'Merge each shard once.',
    );
  const shards = [...known.shards, ...more.shards].sort((a, b) => a - b);
  return shards.length === known.of ? { ...known, shards: [1], of: 1 } : { ...known, shards };
}

/** How many samples the shards seen hold: sample i of the set is in shard i mod n. */
function samplesOf({ samples, shards, of }: SeenData): number {
  return shards.reduce((sum, shard) => sum + Math.ceil((samples - shard + 1) / of), 0);
}

/** Tells sets of data apart. */
export function keyOfData({ digest, samples }: SeenData): string {
  return `${digest} ${samples}`;
}

function describeSeen(seen: SeenData): string {
  const { digest, samples, shards, of } = seen;
  const part = of === 1 ? 'all' : `shard ${shards.map((shard) => `${shard}/${of}`).join(' and ')}`;
  return `${part} of ${samples} samples (data ${digest.slice(0, 12)})`;
}
