import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { arrayFilesSource, isArrayFile } from './arrays/array-files.node.js';
import {
  type Dataset,
  datasetOf,
  datasetOfIndices,
  type InputSpec,
  type SampleSource,
  type SelectionOptions,
} from './dataset.js';
import { DatasetError } from './dataset-error.js';
import { imageSource, isImageFile } from './images/image-source.node.js';
import { type Preprocess, parsePreprocess } from './preprocess.js';
import { readBytes, unreadable } from './read-bytes.node.js';
import { type SampleFacts, type Stratum, stratifiedIndices } from './stratify.js';
import { isTableFile, readTable } from './tables/read-table.node.js';
import { tableSource } from './tables/table-source.js';
import { isTestSet, testSetSource } from './test-sets/test-set-source.node.js';

export interface OpenOptions extends SelectionOptions {
  /** The model's inputs. */
  readonly inputs: readonly InputSpec[];
  /** A preprocessing description, or the path of its JSON file. */
  readonly preprocess?: string | Preprocess | undefined;
  /** Name of the array, column or output with the labels. */
  readonly label?: string | undefined;
  /** Draw the samples so that these strata keep their shares; needs `samples`. */
  readonly stratify?: readonly Stratum[] | undefined;
}

/**
 * Opens samples by path: a .npy, .npz, .csv, .tsv or .jsonl file; a folder of .npy and .npz files; a folder of (or with)
 * ONNX test sets; a folder of images; a folder with one table.
 * @throws DatasetError `DATASET_UNREADABLE`, `DATASET_KIND`, `DATASET_EMPTY`, `DATASET_PREPROCESS`, `DATASET_STRATIFY`, and those of the
 * formats: `DATASET_NPY`, `DATASET_NPZ`, `DATASET_CSV`, `DATASET_JSONL`, `DATASET_SHAPE`, `DATASET_DTYPE`,
 * `DATASET_MISSING_ARRAY`, `DATASET_MISSING_COLUMN`, `DATASET_LABEL`, `DATASET_NO_DECODER`.
 */
export async function openDataset(path: string, options: OpenOptions): Promise<Dataset> {
  const preprocess = await readPreprocess(options.preprocess);
  const source = await openSource(path, options, preprocess);
  const { stratify, samples, seed } = options;
  if (!stratify || samples === undefined || source.size === 0) return datasetOf(source, path, options);
  const facts = await factsOf(source);
  return datasetOfIndices(source, stratifiedIndices(facts, stratify, samples, seed, path), options);
}

async function factsOf(source: SampleSource): Promise<SampleFacts[]> {
  const facts: SampleFacts[] = [];
  for (let index = 0; index < source.size; index++) {
    const { label, columns } = source.facts?.(index) ?? (await source.sample(index));
    facts.push({ ...(label === undefined ? {} : { label }), ...(columns ? { columns } : {}) });
  }
  return facts;
}

async function openSource(path: string, options: OpenOptions, preprocess: Preprocess): Promise<SampleSource> {
  const { inputs, label } = options;
  if (!(await isFolder(path))) {
    if (isArrayFile(path)) return arrayFilesSource(path, false, inputs, label);
    if (isTableFile(path)) return openTable(path, options, preprocess);
    throw unknownKind(path, 'the file is none of .npy, .npz, .csv, .tsv and .jsonl');
  }
  const files = await readdir(path, { recursive: true });
  const names = files.filter((file) => !/[\\/]/.test(file));
  const sets = testSets(path, names);
  if (sets.length > 0) return testSetSource(sets, inputs, label);
  if (isTestSet(names)) return testSetSource([path], inputs, label);
  if (files.some(isArrayFile)) return arrayFilesSource(path, true, inputs, label);
  if (files.some(isImageFile)) return imageSource(path, inputs, preprocess, label);
  const tables = names.filter(isTableFile);
  const [table] = tables;
  if (table !== undefined && tables.length === 1) return openTable(join(path, table), options, preprocess);
  throw unknownKind(
    path,
    tables.length > 1 ? `the folder holds ${tables.length} tables` : 'the folder holds no data',
  );
}

async function openTable(path: string, options: OpenOptions, preprocess: Preprocess): Promise<SampleSource> {
  const { inputs, label } = options;
  return tableSource(await readTable(path), { inputs, label, columns: preprocess.columns, where: path });
}

function testSets(path: string, names: readonly string[]): string[] {
  const number = (name: string) => Number(/\d+$/.exec(name)?.[0] ?? 0);
  return names
    .filter((name) => /^test_data_set_\d+$/.test(name))
    .sort((a, b) => number(a) - number(b))
    .map((name) => join(path, name));
}

async function isFolder(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isDirectory();
  } catch (cause) {
    throw unreadable(path, cause);
  }
}

async function readPreprocess(given: string | Preprocess | undefined): Promise<Preprocess> {
  if (typeof given !== 'string') return parsePreprocess(given ?? {});
  const text = new TextDecoder().decode(await readBytes(given));
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw new DatasetError({
      code: 'DATASET_PREPROCESS',
      where: given,
      message: `it is no JSON (${cause instanceof Error ? cause.message : String(cause)}).`,
      cause,
    });
  }
  return parsePreprocess(json, given);
}

function unknownKind(path: string, fault: string): DatasetError {
  return new DatasetError({
    code: 'DATASET_KIND',
    where: path,
    message: `${fault}.`,
    remedy: 'Give .npy or .npz files, ONNX test sets, a CSV or JSONL file, or a folder of images.',
  });
}
