import { decodeStrings, type StoredTensor, type Tensor, toNumbers } from '@octavo/core/tensor';
import { castTensor } from '../cast.js';
import type { InputSpec, Sample, SampleSource } from '../dataset.js';
import { DatasetError } from '../dataset-error.js';
import { readSplit, type SplitArray, splitArray } from '../split.js';

/** Arrays by name that belong together: a .npz archive, or the .npy files of one folder. */
export interface ArrayGroup {
  /** Path, for errors and sample ids. */
  readonly where: string;
  readonly arrays: ReadonlyMap<string, StoredTensor>;
}

/**
 * Samples of a group of arrays named by the model's inputs. Inputs must agree on the number of samples; an array of one
 * sample serves all. Arrays that are no inputs but have one element a sample become columns.
 * @param label Name of the array with the labels: one element, or one row, a sample.
 * @throws DatasetError `DATASET_MISSING_ARRAY`, `DATASET_SHAPE`, `DATASET_COUNT`, `DATASET_LABEL`.
 */
export async function arraySource(
  group: ArrayGroup,
  inputs: readonly InputSpec[],
  label?: string,
): Promise<SampleSource> {
  const fed = inputs.map((input) => ({ input, ...splitInput(group, input) }));
  const size = commonCount(fed, group.where);
  const labels = label === undefined ? undefined : await labelReader(group, label, size);
  const columns = await readColumns(group, inputs, size, label);
  return {
    size,
    async sample(index): Promise<Sample> {
      const feeds: Record<string, Tensor> = {};
      for (const { input, array, split } of fed) {
        const where = `${group.where}: ${input.name}`;
        feeds[input.name] = castTensor(await readSplit(array, split, index), input, where);
      }
      return {
        feeds,
        id: size === 1 ? group.where : `${group.where}[${index}]`,
        ...(labels ? { label: labels(index) } : {}),
        ...(columns.size > 0 ? { columns: rowOf(columns, index) } : {}),
      };
    },
  };
}

function splitInput(group: ArrayGroup, input: InputSpec): { array: StoredTensor; split: SplitArray } {
  const array = group.arrays.get(input.name);
  if (array) return { array, split: splitArray(array.shape, input, group.where) };
  throw new DatasetError({
    code: 'DATASET_MISSING_ARRAY',
    where: group.where,
    message: `no array is named ${input.name}; found ${[...group.arrays.keys()].join(', ') || 'none'}.`,
    remedy: "Name the arrays after the model's inputs.",
  });
}

function commonCount(
  fed: readonly { readonly input: InputSpec; readonly split: SplitArray }[],
  where: string,
): number {
  const counted = fed.filter(({ split }) => split.count !== undefined);
  const counts = new Set(counted.map(({ split }) => split.count));
  if (counts.size > 1) {
    const list = counted.map(({ input, split }) => `${input.name} ${split.count}`).join(', ');
    throw new DatasetError({
      code: 'DATASET_COUNT',
      where,
      message: `the arrays hold different numbers of samples: ${list}.`,
    });
  }
  return [...counts][0] ?? 1;
}

/** Numbers for labels of one element a sample, tensors for rows. */
async function labelReader(
  group: ArrayGroup,
  name: string,
  size: number,
): Promise<(index: number) => number | string | Tensor> {
  const stored = group.arrays.get(name);
  const rows = stored?.shape[0] ?? 1;
  if (!stored || (rows !== size && size !== 1)) {
    throw new DatasetError({
      code: 'DATASET_LABEL',
      where: group.where,
      message: stored
        ? `${size} samples, but the label array ${name} has the shape [${stored.shape.join(', ')}].`
        : `no array is named ${name}; found ${[...group.arrays.keys()].join(', ')}.`,
      remedy: 'Name an array with one label for each sample.',
    });
  }
  const tensor = await stored.load();
  if (tensor.size === size) {
    const values = scalarsOf(tensor);
    return (index) => values[index] ?? Number.NaN;
  }
  if (rows !== size) return () => tensor;
  const split = { count: size, shape: tensor.shape.slice(1) };
  const rowsOf = await Promise.all(Array.from({ length: size }, (_, i) => readSplit(stored, split, i)));
  return (index) => rowsOf[index] ?? tensor;
}

type Columns = ReadonlyMap<string, readonly (string | number)[]>;

async function readColumns(
  group: ArrayGroup,
  inputs: readonly InputSpec[],
  size: number,
  label: string | undefined,
): Promise<Columns> {
  const fed = new Set(inputs.map(({ name }) => name));
  const columns = new Map<string, readonly (string | number)[]>();
  for (const [name, stored] of group.arrays) {
    const perSample = stored.shape.length <= 2 && stored.size === size;
    if (!perSample || fed.has(name) || name === label) continue;
    columns.set(name, scalarsOf(await stored.load()));
  }
  return columns;
}

function scalarsOf(tensor: Tensor): (string | number)[] {
  if (!tensor.is('string')) return [...toNumbers(tensor)];
  const decoder = new TextDecoder();
  return decodeStrings(tensor.data).map((bytes) => decoder.decode(bytes));
}

function rowOf(columns: Columns, index: number): Record<string, string | number> {
  return Object.fromEntries([...columns].map(([name, values]) => [name, values[index] ?? Number.NaN]));
}
