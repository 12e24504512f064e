import type { Graph } from '@octavo/core/ir';
import { type Dataset, DatasetError, type InputSpec, openDataset, type Stratum } from '@octavo/datasets/node';

/** Flags of `dataOptions`, plus labels. */
export interface DataFlags {
  readonly preprocess?: string;
  readonly samples?: number;
  readonly seed: number;
  readonly label?: string;
  readonly stratify?: readonly Stratum[];
  readonly shard?: { readonly index: number; readonly count: number };
}

/** Opens a data path for a model's inputs. Throws DatasetError. */
export async function openData(
  path: string,
  inputs: readonly InputSpec[],
  flags: DataFlags,
): Promise<Dataset> {
  const { preprocess, samples, seed, label, stratify, shard } = flags;
  return openDataset(path, { inputs, seed, preprocess, samples, label, stratify, shard });
}

/**
 * Opens samples to calibrate on: they need no labels, whatever flags say of labelled data, and have them where the data do.
 * Throws DatasetError.
 */
export async function openCalibration(path: string, graph: Graph, flags: DataFlags): Promise<Dataset> {
  const { label, ...unlabelled } = flags;
  if (label !== undefined) {
    try {
      const dataset = await openData(path, inputSpecs(graph), flags);
      for await (const _ of dataset.samples({ limit: 1 }));
      return dataset;
    } catch (error) {
      if (!(error instanceof DatasetError) || error.code !== 'DATASET_LABEL') throw error;
    }
  }
  return openData(path, inputSpecs(graph), unlabelled);
}

/** What data must provide for a graph's inputs; inputs that are no tensors have no data. */
export function inputSpecs(graph: Graph): InputSpec[] {
  return graph.inputs.flatMap(({ name, tensorType }) =>
    tensorType ? [{ name, dtype: tensorType.dtype, shape: tensorType.shape }] : [],
  );
}
