import { readdir, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { StoredTensor, type Tensor } from '@octavo/core/tensor';
import { FileSource, SourceStorage } from '@octavo/formats/node';
import type { InputSpec, Sample, SampleSource } from '../dataset.js';
import { DatasetError } from '../dataset-error.js';
import { readBytes, unreadable } from '../read-bytes.node.js';
import { type ArrayGroup, arraySource } from './array-source.js';
import { decodeElements, decodeNpy, encodeNpy, isPlain } from './npy.js';
import { HEADER_BYTES, readNpyHeader } from './npy-header.js';
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

/** The array of a .npy file; its elements stay in the file until they are read, where they lie as tensors do. */
function openNpy(path: string): StoredTensor {
  const file = openFile(path);
  const header = readNpyHeader(file.readSync(0, Math.min(HEADER_BYTES, file.byteLength)), path);
  const length = Math.min(header.dataLength, file.byteLength - header.dataOffset);
  if (isPlain(header) && length === header.dataLength) {
    return new StoredTensor(header.dtype, header.shape, new SourceStorage(file, header.dataOffset, length));
  }
  return StoredTensor.of(decodeElements(header, file.readSync(header.dataOffset, length), path));
}

function openFile(path: string): FileSource {
  try {
    return new FileSource(path);
  } catch (cause) {
    throw unreadable(path, cause);
  }
}

/** Loads one group of arrays; called again whenever its samples are needed and it is not the latest one. */
interface GroupFile {
  load(): Promise<ArrayGroup>;
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
    latest = { file, source: await arraySource(await file.load(), inputs, label) };
    return latest.source;
  };
  const starts = [0];
  for (const file of files) starts.push((starts.at(-1) ?? 0) + (await sourceOf(file)).size);
  return {
    size: starts.at(-1) ?? 0,
    async sample(index): Promise<Sample> {
      const at = starts.findLastIndex((start, i) => i < files.length && start <= index);
      const file = files[at];
      if (!file) throw new RangeError(`sample ${index} of ${starts.at(-1)}`);
      return (await sourceOf(file)).sample(index - (starts[at] ?? 0));
    },
  };
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
  const only = inputs[0]?.name ?? '';
  const named = singles.some((path) => inputs.some(({ name }) => name === stem(path)));
  if (named || (singles.length > 0 && inputs.length !== 1)) {
    const load = async () => ({
      where: folder || (singles[0] ?? ''),
      arrays: new Map(singles.map((path) => [stem(path), openNpy(path)])),
    });
    groups.push({ load });
  } else {
    for (const where of singles) {
      groups.push({ load: async () => ({ where, arrays: new Map([[only, openNpy(where)]]) }) });
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
