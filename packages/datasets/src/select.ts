import { uniformInt } from 'pure-rand/distribution/uniformInt';
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';
import type { SelectionOptions } from './dataset.js';
import { DatasetError } from './dataset-error.js';

/**
 * Indices of a selection of `size` samples, ascending: all of them, or `samples` drawn without repetition.
 * The same seed gives the same indices on every machine.
 * @throws DatasetError `DATASET_SELECTION` unless `samples` is a positive integer and `seed` an integer.
 */
export function selectIndices(size: number, { samples, seed = 1 }: SelectionOptions = {}): number[] {
  if (samples !== undefined && !(Number.isSafeInteger(samples) && samples > 0)) {
    throw badSelection(`${samples} samples asked for; the number is an integer > 0.`);
  }
  if (!Number.isSafeInteger(seed)) throw badSelection(`the seed ${seed} is no integer.`);
  if (samples === undefined || samples >= size) return Array.from({ length: size }, (_, i) => i);
  return drawIndices(size, samples, seed);
}

/** `count` of the indices 0 to size - 1, ascending, drawn without repetition; all when there are no more. */
export function drawIndices(size: number, count: number, seed: number): number[] {
  const indices = Array.from({ length: size }, (_, i) => i);
  if (count >= size) return indices;
  const random = xoroshiro128plus(seed);
  for (let i = 0; i < count; i++) {
    const other = uniformInt(random, i, size - 1);
    [indices[i], indices[other]] = [indices[other] ?? 0, indices[i] ?? 0];
  }
  return indices.slice(0, count).sort((a, b) => a - b);
}

function badSelection(message: string): DatasetError {
  return new DatasetError({ code: 'DATASET_SELECTION', message });
}
