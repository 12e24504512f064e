import { clipped } from '@octavo/core/tensor';
import type { Sample } from './dataset.js';
import { DatasetError } from './dataset-error.js';
import { drawIndices } from './select.js';

/** What samples are divided by: the values of a column (or `label`), or equally populated bands of a number. */
export interface Stratum {
  readonly column: string;
  readonly quantiles?: number;
}

/** What strata are read from. */
export type SampleFacts = Pick<Sample, 'columns' | 'label'>;

/**
 * Parses `zip,price:quantile10`.
 * @throws DatasetError `DATASET_STRATIFY`.
 */
export function parseStrata(text: string): Stratum[] {
  return text.split(',').map((part) => {
    const match = /^([^:]+)(?::quantile(\d+))?$/.exec(part.trim());
    const [, column, quantiles] = match ?? [];
    if (column === undefined) throw bad(`"${part}" is neither a column nor column:quantileN`);
    if (quantiles === undefined) return { column };
    const count = Number(quantiles);
    if (count < 2 || count > 1000) throw bad(`${part}: 2 to 1000 quantiles`);
    return { column, quantiles: count };
  });
}

/**
 * Indices of `samples` samples, ascending, that hold each combination of strata in its share of the data (largest
 * remainders first), at least one of each where there are as many samples as combinations. Seeded.
 * @param where The data, for errors.
 * @throws DatasetError `DATASET_STRATIFY` for a column that is missing or, where quantiles are asked, no number.
 */
export function stratifiedIndices(
  facts: readonly SampleFacts[],
  strata: readonly Stratum[],
  samples: number,
  seed = 1,
  where?: string,
): number[] {
  if (samples >= facts.length) return facts.map((_, index) => index);
  const keys = strata.map((stratum) => stratumKeys(facts, stratum, where));
  const groups = new Map<string, number[]>();
  facts.forEach((_, index) => {
    const key = JSON.stringify(keys.map((each) => each[index]));
    groups.set(key, [...(groups.get(key) ?? []), index]);
  });
  const members = [...groups.entries()].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, indices]) => indices);
  const sizes = shares(
    members.map((indices) => indices.length),
    samples,
  );
  return members
    .flatMap((indices, i) =>
      drawIndices(indices.length, sizes[i] ?? 0, seed + i).map((at) => indices[at] ?? 0),
    )
    .sort((a, b) => a - b);
}

/** Divides a number by given weights, none above its weight; the remainder goes to the largest fractions. */
function shares(weights: readonly number[], total: number): number[] {
  const sum = weights.reduce((a, b) => a + b, 0);
  const each = total >= weights.length ? 1 : 0;
  const exact = weights.map((weight) => (weight * total) / sum);
  const sizes = exact.map((share) => Math.max(each, Math.floor(share)));
  const order = [...weights.keys()].sort(
    (a, b) => (exact[b] ?? 0) - (sizes[b] ?? 0) - ((exact[a] ?? 0) - (sizes[a] ?? 0)) || a - b,
  );
  let left = total - sizes.reduce((a, b) => a + b, 0);
  for (let turn = 0; left > 0; turn++) {
    const at = order[turn % order.length] ?? 0;
    if ((sizes[at] ?? 0) >= (weights[at] ?? 0)) continue;
    sizes[at] = (sizes[at] ?? 0) + 1;
    left--;
  }
  // One sample for every small stratum may be too many in all: the largest give them up.
  for (; left < 0; left++) {
    const at = sizes.indexOf(Math.max(...sizes));
    sizes[at] = (sizes[at] ?? 0) - 1;
  }
  return sizes;
}

function stratumKeys(
  facts: readonly SampleFacts[],
  { column, quantiles }: Stratum,
  where?: string,
): (string | number)[] {
  const values = facts.map(({ columns = {}, label }, index) => {
    const value = columns[column] ?? (column === 'label' ? label : undefined);
    if (typeof value === 'string' || typeof value === 'number') return value;
    const known = Object.keys(columns).join(', ') || 'none';
    throw bad(`sample ${index} has no column ${column}; found ${clipped(known)}`, where);
  });
  if (quantiles === undefined) return values;
  const numbers = values.map((value) => {
    if (typeof value === 'number' && !Number.isNaN(value)) return value;
    throw bad(`the column ${column} holds ${JSON.stringify(value)}, so it has no quantiles`, where);
  });
  const sorted = [...numbers].sort((a, b) => a - b);
  const bounds = Array.from(
    { length: quantiles - 1 },
    (_, i) => sorted[Math.floor(((i + 1) * sorted.length) / quantiles)] ?? 0,
  );
  return numbers.map((number) => bounds.filter((bound) => number >= bound).length);
}

function bad(fault: string, where?: string): DatasetError {
  return new DatasetError({
    code: 'DATASET_STRATIFY',
    where,
    message: `${fault}.`,
    remedy: 'Name columns of the data, e.g. zip,price:quantile10.',
  });
}
