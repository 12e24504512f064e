import { type Dataset, openDataset } from '@octavo/datasets/node';
import type { Port } from '@octavo/runtime';

/** Flags of `dataOptions`, plus labels. */
export interface DataFlags {
  readonly preprocess?: string;
  readonly samples?: number;
  readonly seed: number;
  readonly label?: string;
}

/** Opens a data path for a model's inputs. Throws DatasetError. */
export async function openData(path: string, inputs: readonly Port[], flags: DataFlags): Promise<Dataset> {
  const { preprocess, samples, seed, label } = flags;
  return openDataset(path, {
    inputs,
    seed,
    ...(preprocess === undefined ? {} : { preprocess }),
    ...(samples === undefined ? {} : { samples }),
    ...(label === undefined ? {} : { label }),
  });
}
