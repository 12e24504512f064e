import { readdir, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { StoredTensor, type Tensor } from '@octavo/core/tensor';
import type { InputSpec, Sample, SampleSource } from '../dataset.js';
import { DatasetError } from '../dataset-error.js';
import { readBytes } from '../read-bytes.node.js';
import { type ArrayGroup, arraySource } from './array-source.js';
import { decodeNpy, encodeNpy } from './npy.js';
import { openNpy } from './npy-file.node.js';
import { decodeNpz } from './npz.js';

/** Whether a file name is an array file's. */
export function isArrayFile(name: string): boolean {
  return /\.np[yz]$/i.test(name);
}

/** Reads a .npy file. Throws DatasetError `DATASET_UNREADABLE`; as `decodeNpy`. */
export async function readNpy(path: string): Promise<Tensor> {
  return decodeNpy(await readBytes(path), path);
}

/** Writes a .npy file. Throws DatasetError `DATASET_DTYPE`, `DATASET_UNWRITABLE`. */
export async function writeNpy(path: string, tensor: Tensor): Promise<void> {
  const bytes = encodeNpy(tensor);
  try {
    await writeFile(path, bytes);
  } catch (cause) {
    throw new DatasetError({
      code: 'DATASET_UNWRITABLE',
      where: path,
      message: `it cannot be written (${cause instanceof Error ? cause.message : String(cause)}).`,
      remedy: 'Check that the folder exists and may be written to.',
      cause,
    });
  }
}

/** Loads one group of arrays; called again whenever its samples are needed and it is not the latest one. */
interface GroupFile {
  /** @param only Whether there is no other group: its files may then stay open. */
  load(only: boolean): Promise<ArrayGroup>;
}

/**
 * Samples of array files. Every .npz archive is a group of arrays; the .npy files of a folder are one group when one of
 * them bears an input's name, otherwise (models with one input) each is the input's by itself. Subfolders are groups.
 * One .npz archive is in memory at a time; .npy files are read sample by sample.
 * @throws DatasetError as `arraySource`, `decodeNpy`, `decodeNpz`; `DATASET_UNREADABLE`.
 */
export async function arrayFilesSource(
  path: string,
  isFolder: boolean,
  inputs: readonly InputSpec[],
  label?: string,
): Promise<SampleSource> {
  const files = isFolder ? await groupFiles(path, inputs) : groupsOf('', [path], inputs);
  let latest: { readonly file: GroupFile; readonly source: SampleSource } | undefined;
  const sourceOf = async (file: GroupFile): Promise<SampleSource> => {
    if (latest?.file === file) return latest.source;
    latest = { file, source: await arraySource(await file.load(files.length === 1), inputs, label) };
    return latest.source;
  };
  const starts = [0];
  for (const file of files) starts.push((starts.at(-1) ?? 0) + (await sourceOf(file)).size);
  return {
    size: starts.at(-1) ?? 0,
    async sample(index): Promise<Sample> {
      const at = groupOf(starts, index);
      const file = files[at];
      if (!file) throw new RangeError(`sample ${index} of ${starts.at(-1)}`);
      return (await sourceOf(file)).sample(index - (starts[at] ?? 0));
    },
  };
}

/** The last group that starts at or before a sample; groups without samples start where the next one does. */
function groupOf(starts: readonly number[], index: number): number {
  let [low, high] = [0, starts.length - 1];
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if ((starts[middle] ?? 0) <= index) low = middle;
    else high = middle;
  }
  return low;
}

async function groupFiles(folder: string, inputs: readonly InputSpec[]): Promise<GroupFile[]> {
  const entries = await readdir(folder, { withFileTypes: true });
  entries.sort((a, b) => (a.name < b.name ? -1 : 1));
  const own = entries.filter((entry) => !entry.isDirectory() && isArrayFile(entry.name));
  const groups = groupsOf(
    folder,
    own.map(({ name }) => join(folder, name)),
    inputs,
  );
  for (const entry of entries.filter((each) => each.isDirectory())) {
    groups.push(...(await groupFiles(join(folder, entry.name), inputs)));
  }
  return groups;
}

function groupsOf(folder: string, paths: readonly string[], inputs: readonly InputSpec[]): GroupFile[] {
  const archives = paths.filter((path) => /\.npz$/i.test(path));
  const singles = paths.filter((path) => /\.npy$/i.test(path));
  const groups: GroupFile[] = archives.map((where) => ({
    load: async () => ({ where, arrays: storedArrays(decodeNpz(await readBytes(where), where)) }),
  }));
  const name = inputs[0]?.name ?? '';
  const named = singles.some((path) => inputs.some(({ name }) => name === stem(path)));
  if (named || (singles.length > 0 && inputs.length !== 1)) {
    const load = async (only: boolean) => {
      const arrays = new Map<string, StoredTensor>();
      for (const path of singles) arrays.set(stem(path), await openNpy(path, only));
      return { where: folder || (singles[0] ?? ''), arrays };
    };
    groups.push({ load });
  } else {
    for (const where of singles) {
      const load = async (keepOpen: boolean) => ({
        where,
        arrays: new Map([[name, await openNpy(where, keepOpen)]]),
      });
      groups.push({ load });
    }
  }
  return groups;
}

function storedArrays(arrays: ReadonlyMap<string, Tensor>): ReadonlyMap<string, StoredTensor> {
  return new Map([...arrays].map(([name, tensor]) => [name, StoredTensor.of(tensor)]));
}

function stem(path: string): string {
  return basename(path).replace(/\.npy$/i, '');
}
