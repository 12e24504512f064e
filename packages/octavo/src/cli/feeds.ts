import { readFile } from 'node:fs/promises';
import { type DType, fromNumbers, OctavoError, type Tensor } from '@octavo/core/tensor';
import { decodeNpz, readNpy } from '@octavo/datasets/node';
import { readTensorProto } from '@octavo/formats';
import type { Port } from '@octavo/runtime';
import { Option } from 'commander';
import { repeatable, wholeNumber } from './arguments.js';
import { randomFeeds } from './random-feeds.js';
import { UsageError } from './usage-error.js';

/** Flags that say what a model is fed with. */
export interface FeedFlags {
  readonly input: readonly string[];
  readonly dim: readonly string[];
  readonly seed: number;
}

/** The options of {@link FeedFlags}. */
export function feedOptions(): Option[] {
  return [
    repeatable('--input <name=file>', 'an input as .npy, .npz, .pb or .json', String),
    repeatable('--dim <name=size>', 'size of a symbolic dimension of random inputs', String),
    new Option('--seed <n>', 'seed of random inputs').argParser(wholeNumber(0)).default(1),
  ];
}

/** Inputs by name, and which of them are random. */
export interface Feeds {
  readonly tensors: Readonly<Record<string, Tensor>>;
  readonly random: readonly string[];
}

/**
 * Reads the inputs that are given and makes up the others.
 * @throws UsageError for names that the model does not have; OctavoError for files that hold no such tensor.
 */
export async function readFeeds(flags: FeedFlags, ports: readonly Port[]): Promise<Feeds> {
  const given = new Map<string, Tensor>();
  for (const [name, path] of inputPaths(flags.input)) {
    const port = ports.find((each) => each.name === name);
    if (!port)
      throw new UsageError(
        `the model has no input ${name}.`,
        `Its inputs are ${ports.map((each) => each.name).join(', ')}.`,
      );
    given.set(name, await readTensor(path, port));
  }
  const dims = sizes(flags.dim);
  checkDims(dims, ports);
  const missing = ports.filter((port) => !given.has(port.name)).map((port) => sized(port, dims));
  return {
    tensors: { ...randomFeeds(missing, flags.seed), ...Object.fromEntries(given) },
    random: missing.map((port) => port.name),
  };
}

/** Sizes of symbolic dimensions by name. */
export function sizes(specs: readonly string[]): Record<string, number> {
  return Object.fromEntries(
    specs.map((spec) => {
      const [, name, size] = /^([^=]+)=([1-9][0-9]*)$/.exec(spec) ?? [];
      if (name === undefined)
        throw new UsageError(`--dim ${spec} is no name and size.`, 'Write --dim batch=4.');
      return [name, Number(size)];
    }),
  );
}

/** @throws UsageError for the name of a dimension that no input has. */
export function checkDims(dims: Readonly<Record<string, number>>, ports: readonly Port[]): void {
  const symbols = new Set(
    ports.flatMap(({ shape }) => shape?.filter((dim) => typeof dim === 'string') ?? []),
  );
  const unknown = Object.keys(dims).find((name) => !symbols.has(name));
  if (unknown === undefined) return;
  throw new UsageError(
    `no input of the model has a dimension ${unknown}.`,
    symbols.size > 0
      ? `Its symbolic dimensions are ${[...symbols].join(', ')}.`
      : 'All its shapes are fixed.',
  );
}

function sized(port: Port, dims: Readonly<Record<string, number>>): Port {
  const shape = port.shape?.map((dim) => (typeof dim === 'string' ? (dims[dim] ?? dim) : dim));
  return { ...port, shape };
}

/** Files by input. */
function inputPaths(specs: readonly string[]): Map<string, string> {
  const paths = new Map<string, string>();
  for (const spec of specs) {
    const [, name, path] = /^([^=]+)=(.+)$/.exec(spec) ?? [];
    if (name === undefined || path === undefined)
      throw new UsageError(`--input ${spec} is no name and file.`, 'Write --input name=file.npy.');
    if (paths.has(name)) throw new UsageError(`the input ${name} is given twice.`, 'Give each input once.');
    paths.set(name, path);
  }
  return paths;
}

type Reader = (path: string, port: Port) => Promise<Tensor>;

const READERS: Readonly<Record<string, Reader>> = {
  npy: readNpy,
  npz: async (path, port) => memberOf(decodeNpz(await bytesOf(path), path), path, port.name),
  pb: async (path) => readTensorProto(await bytesOf(path)),
  json: async (path, port) => jsonTensor(await bytesOf(path), path, port.dtype),
};

function readTensor(path: string, port: Port): Promise<Tensor> {
  const reader = READERS[/\.([a-z]+)$/i.exec(path)?.[1]?.toLowerCase() ?? ''];
  if (reader) return reader(path, port);
  throw new UsageError(
    `${path} is no file of a tensor.`,
    `Give a file that ends in ${Object.keys(READERS).join(', ')}.`,
  );
}

async function bytesOf(path: string): Promise<Uint8Array> {
  try {
    return await readFile(path);
  } catch (cause) {
    throw unreadable(path, cause instanceof Error ? cause.message : String(cause), cause);
  }
}

/** The array of the input's name, or the only one. */
function memberOf(arrays: ReadonlyMap<string, Tensor>, path: string, name: string): Tensor {
  const [only] = arrays.values();
  const tensor = arrays.get(name) ?? (arrays.size === 1 ? only : undefined);
  if (tensor) return tensor;
  throw unreadable(path, `it has no array ${name}; its arrays are ${[...arrays.keys()].join(', ')}`);
}

/** Numbers in nested lists, all of the same length at each depth. */
function jsonTensor(bytes: Uint8Array, path: string, dtype: DType): Tensor {
  let document: unknown;
  try {
    document = JSON.parse(new TextDecoder().decode(bytes));
  } catch (cause) {
    throw unreadable(path, cause instanceof Error ? cause.message : String(cause), cause);
  }
  const shape: number[] = [];
  for (let at = document; Array.isArray(at); at = at[0]) shape.push(at.length);
  const numbers: number[] = [];
  collect(document, shape, 0, numbers, path);
  return fromNumbers(dtype, shape, numbers);
}

function collect(
  part: unknown,
  shape: readonly number[],
  depth: number,
  numbers: number[],
  path: string,
): void {
  if (depth < shape.length) {
    if (!Array.isArray(part) || part.length !== shape[depth])
      throw unreadable(path, `its lists are no array of shape [${shape.join(', ')}]`);
    for (const each of part) collect(each, shape, depth + 1, numbers, path);
    return;
  }
  if (typeof part === 'boolean') numbers.push(Number(part));
  else if (typeof part === 'number') numbers.push(part);
  else throw unreadable(path, `${JSON.stringify(part)} is no number`);
}

function unreadable(path: string, reason: string, cause?: unknown): OctavoError {
  return new OctavoError({
    code: 'INPUT_UNREADABLE',
    where: path,
    message: `${reason}.`,
    remedy: 'Check the path and what the file holds.',
    cause,
  });
}
