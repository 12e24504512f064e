import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { float32, fromNumbers, stringTensor, type Tensor, toNumbers } from '@octavo/core/tensor';
import { writeTensorProto } from '@octavo/formats';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { encodeNpy } from './arrays/npy.js';
import { encodeNpz } from './arrays/npz.js';
import type { InputSpec, Sample } from './dataset.js';
import { type OpenOptions, openDataset, readNpy, writeNpy } from './index.node.js';

let root = '';
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'datasets-'));
});
afterAll(() => rm(root, { recursive: true }));

/** How many files the process has open; 0 where the operating system does not tell. */
async function openFiles(): Promise<number> {
  return (await readdir('/proc/self/fd').catch(() => [])).length;
}

let folders = 0;
/** Writes files into a new folder and returns its path. */
async function folderOf(files: Record<string, Uint8Array | string>): Promise<string> {
  const folder = join(root, `${folders++}`);
  await mkdir(folder);
  for (const [name, content] of Object.entries(files)) {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await writeFile(join(folder, name), content);
  }
  return folder;
}

async function read(path: string, options: OpenOptions): Promise<Sample[]> {
  const dataset = await openDataset(path, options);
  const samples: Sample[] = [];
  for await (const sample of dataset.samples()) samples.push(sample);
  expect(samples.length).toBe(dataset.size);
  return samples;
}

const counting = (shape: number[], dtype: Tensor['dtype'] = 'float32'): Tensor =>
  fromNumbers(
    dtype,
    shape,
    Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => i),
  );
const x: InputSpec = { name: 'x', dtype: 'float32', shape: ['N', 3] };
const feed = (sample: Sample | undefined, name = 'x') => {
  const tensor = sample?.feeds[name];
  return tensor && { dtype: tensor.dtype, shape: tensor.shape, values: [...toNumbers(tensor)] };
};
const failure = (path: string, options: OpenOptions) => expect(read(path, options)).rejects;

describe('arrays', () => {
  it('split along the batch dimension, with labels and columns beside them', async () => {
    const arrays = new Map([
      ['x', counting([4, 3])],
      ['label', fromNumbers('int64', [4], [7, 8, 9, 10])],
      ['price', fromNumbers('float64', [4, 1], [1.5, 2.5, 3.5, 4.5])],
    ]);
    const folder = await folderOf({ 'a.npz': encodeNpz(arrays) });
    const samples = await read(folder, { inputs: [x], label: 'label' });
    expect(samples.length).toBe(4);
    expect(feed(samples[1])).toEqual({ dtype: 'float32', shape: [1, 3], values: [3, 4, 5] });
    expect(samples[1]).toMatchObject({ label: 8, columns: { price: 2.5 } });
    expect(samples.map(({ id }) => id.slice(folder.length + 1))).toEqual([
      'a.npz[0]',
      'a.npz[1]',
      'a.npz[2]',
      'a.npz[3]',
    ]);
  });

  it('split along an extra leading dimension, and repeat what has none', async () => {
    const folder = await folderOf({
      'x.npy': encodeNpy(counting([2, 1, 3])),
      'state.npy': encodeNpy(counting([2, 1, 2])),
    });
    const state: InputSpec = { name: 'state', dtype: 'float32', shape: [2, 1, 2] };
    const samples = await read(folder, { inputs: [x, state] });
    expect(samples.map((sample) => feed(sample)?.values)).toEqual([
      [0, 1, 2],
      [3, 4, 5],
    ]);
    for (const sample of samples) expect(feed(sample, 'state')?.values).toEqual([0, 1, 2, 3]);
  });

  it('get their batch dimension when they are one sample without it', async () => {
    const folder = await folderOf({ 'x.npy': encodeNpy(counting([3])) });
    expect(feed((await read(folder, { inputs: [x] }))[0])?.shape).toEqual([1, 3]);
  });

  it('of a model with one input may have any file name, one file or many', async () => {
    const folder = await folderOf({
      'b.npy': encodeNpy(counting([1, 3])),
      'a.npy': encodeNpy(counting([2, 3])),
      'sub/c.npy': encodeNpy(counting([3])),
    });
    expect((await read(folder, { inputs: [x] })).map(({ id }) => id.slice(folder.length + 1))).toEqual([
      'a.npy[0]',
      'a.npy[1]',
      'b.npy',
      'sub/c.npy',
    ]);
    expect((await read(join(folder, 'a.npy'), { inputs: [x] })).length).toBe(2);
  });

  it('in many files take the samples of each in turn, without keeping the files open', async () => {
    const files = Array.from({ length: 40 }, (_, i) => [
      `${String(i).padStart(2, '0')}.npy`,
      encodeNpy(fromNumbers('float32', [i % 3, 9000], new Float32Array((i % 3) * 9000).fill(i))),
    ]);
    const folder = await folderOf(Object.fromEntries(files));
    const before = await openFiles();
    const samples = await read(folder, { inputs: [{ ...x, shape: ['N', 9000] }] });
    expect(await openFiles()).toBeLessThanOrEqual(before);
    const first = samples.map((sample) => feed(sample)?.values[0]);
    expect(first).toEqual(Array.from({ length: 40 }, (_, i) => new Array(i % 3).fill(i)).flat());
  });

  it('of text are split by element', async () => {
    const header = `{'descr': '|S2', 'fortran_order': False, 'shape': (3, 1), }`.padEnd(117);
    const npy = `\x93NUMPY\x01\x00${String.fromCharCode(118)}\x00${header}\naabbcc`;
    const folder = await folderOf({ 'x.npy': Buffer.from(npy, 'latin1') });
    const samples = await read(folder, { inputs: [{ name: 'x', dtype: 'string', shape: ['N', 1] }] });
    expect(samples.map((sample) => sample.feeds['x'])).toEqual([
      stringTensor(['aa'], [1, 1]),
      stringTensor(['bb'], [1, 1]),
      stringTensor(['cc'], [1, 1]),
    ]);
  });

  it('in subfolders are groups', async () => {
    const y: InputSpec = { name: 'y', dtype: 'int64', shape: [] };
    const group = (n: number) => ({
      [`s${n}/x.npy`]: encodeNpy(counting([1, 3])),
      [`s${n}/y.npy`]: encodeNpy(fromNumbers('int64', [], [n])),
    });
    const samples = await read(await folderOf({ ...group(1), ...group(0) }), { inputs: [x, y] });
    expect(samples.map((sample) => feed(sample, 'y')?.values)).toEqual([[0], [1]]);
  });

  it('take the dtype of the input where the values fit', async () => {
    const ids: InputSpec = { name: 'ids', dtype: 'int64', shape: ['N', 2] };
    const sound = await folderOf({ 'ids.npy': encodeNpy(fromNumbers('int32', [1, 2], [-5, 9])) });
    expect(feed((await read(sound, { inputs: [ids] }))[0], 'ids')).toEqual({
      dtype: 'int64',
      shape: [1, 2],
      values: [-5, 9],
    });
    const double = await folderOf({ 'x.npy': encodeNpy(fromNumbers('float64', [1, 3], [0.1, 1, 2])) });
    expect(feed((await read(double, { inputs: [x] }))[0])?.values[0]).toBe(Math.fround(0.1));
    const fraction = await folderOf({ 'ids.npy': encodeNpy(float32([0.5, 1], [1, 2])) });
    await failure(fraction, { inputs: [ids] }).toMatchObject({ code: 'DATASET_DTYPE' });
    const tiny: InputSpec = { name: 'ids', dtype: 'uint8', shape: ['N', 2] };
    await failure(sound, { inputs: [tiny] }).toMatchObject({ code: 'DATASET_DTYPE' });
  });

  it('keep NaN: counting it is the calibration’s part', async () => {
    const folder = await folderOf({ 'x.npy': encodeNpy(float32([Number.NaN, 1, 2], [1, 3])) });
    expect(feed((await read(folder, { inputs: [x] }))[0])?.values[0]).toBeNaN();
  });

  it('have labels that are rows', async () => {
    const arrays = new Map([
      ['x', counting([2, 3])],
      ['y', counting([2, 4])],
    ]);
    const samples = await read(await folderOf({ 'a.npz': encodeNpz(arrays) }), { inputs: [x], label: 'y' });
    expect(samples[1]?.label).toEqual(fromNumbers('float32', [4], [4, 5, 6, 7]));
  });

  it.each([
    ['DATASET_SHAPE', new Map([['x', counting([4, 2])]]), undefined],
    ['DATASET_SHAPE', new Map([['x', counting([1, 1, 1, 3])]]), undefined],
    ['DATASET_MISSING_ARRAY', new Map([['z', counting([4, 3])]]), undefined],
    ['DATASET_LABEL', new Map([['x', counting([4, 3])]]), 'label'],
    [
      'DATASET_LABEL',
      new Map([
        ['x', counting([4, 3])],
        ['label', counting([3])],
      ]),
      'label',
    ],
    ['DATASET_EMPTY', new Map([['x', counting([0, 3])]]), undefined],
  ])('are refused with %s when they do not fit', async (code, arrays, label) => {
    const folder = await folderOf({ 'a.npz': encodeNpz(arrays) });
    await failure(folder, { inputs: [x], label }).toMatchObject({
      code,
      message: expect.stringContaining(folder),
    });
  });

  it('are refused when inputs disagree on the number of samples', async () => {
    const folder = await folderOf({
      'x.npy': encodeNpy(counting([2, 3])),
      'y.npy': encodeNpy(counting([3, 3])),
    });
    await failure(folder, { inputs: [x, { ...x, name: 'y' }] }).toMatchObject({ code: 'DATASET_COUNT' });
  });

  it('are written and read again', async () => {
    const path = join(root, 'out.npy');
    await writeNpy(path, counting([2, 3]));
    expect(await readNpy(path)).toEqual(counting([2, 3]));
    await expect(writeNpy(join(root, 'no', 'out.npy'), counting([1]))).rejects.toMatchObject({
      code: 'DATASET_UNWRITABLE',
    });
    await expect(readNpy(join(root, 'absent.npy'))).rejects.toMatchObject({ code: 'DATASET_UNREADABLE' });
  });
});

describe('tables', () => {
  const csv = 'id,a,b,c,region,price\n1,0.5,1,2,north,100\n2,,4,5,"south, far",200\n';
  const columns = { x: ['a', 'b', 'c'] };

  it('map columns to inputs, labels and segments', async () => {
    const folder = await folderOf({ 'sales.csv': csv });
    for (const path of [folder, join(folder, 'sales.csv')]) {
      const samples = await read(path, { inputs: [x], preprocess: { columns }, label: 'price' });
      expect(feed(samples[0])).toEqual({ dtype: 'float32', shape: [1, 3], values: [0.5, 1, 2] });
      expect(feed(samples[1])?.values[0]).toBeNaN();
      expect(samples[1]).toMatchObject({
        id: `${join(folder, 'sales.csv')}:3`,
        label: 200,
        columns: { region: 'south, far', id: 2, price: 200 },
      });
    }
  });

  it('map columns from one to another', async () => {
    const folder = await folderOf({
      'sales.csv': csv,
      'p.json': JSON.stringify({ columns: { x: { from: 'a', to: 'c' } } }),
    });
    const samples = await read(join(folder, 'sales.csv'), {
      inputs: [x],
      preprocess: join(folder, 'p.json'),
    });
    expect(feed(samples[0])?.values).toEqual([0.5, 1, 2]);
    expect(samples[0]).not.toHaveProperty('label');
  });

  it('need no mapping when the columns besides the label are the only input’s elements', async () => {
    const folder = await folderOf({ 'a.tsv': 'a\tb\tc\ty\n1\t2\t3\tcat\n' });
    const samples = await read(folder, { inputs: [x], label: 'y' });
    expect(feed(samples[0])?.values).toEqual([1, 2, 3]);
    expect(samples[0]?.label).toBe('cat');
  });

  it('in JSONL hold arrays named by input', async () => {
    const lines = '{"x": [[1, 2, 3]], "k": 5}\n\n{"x": [4, 5, 6], "k": 6, "note": "late"}\n';
    const samples = await read(await folderOf({ 'a.jsonl': lines }), { inputs: [x], label: 'k' });
    expect(samples.map((sample) => feed(sample)?.values)).toEqual([
      [1, 2, 3],
      [4, 5, 6],
    ]);
    expect(samples[1]).toMatchObject({ label: 6, columns: { note: 'late' } });
  });

  it('name each sample by the line of the file that it ends on', async () => {
    const folder = await folderOf({
      'a.jsonl': '{"x": [1, 2, 3]}\n\n{"x": [4, 5, 6]}\n',
      'b.csv': 'note,x\n"two\nlines",1\n\nplain,2\n',
    });
    const scalar = { ...x, shape: ['N', 1] };
    const [jsonl, csv] = [join(folder, 'a.jsonl'), join(folder, 'b.csv')];
    const rows = [...(await read(jsonl, { inputs: [x] })), ...(await read(csv, { inputs: [scalar] }))];
    expect(rows.map(({ id }) => id)).toEqual([`${jsonl}:1`, `${jsonl}:3`, `${csv}:3`, `${csv}:5`]);
  });

  it('fill one dimension of unknown size', async () => {
    const ids: InputSpec = { name: 'ids', dtype: 'int64', shape: ['batch', 'sequence'] };
    const folder = await folderOf({ 'a.jsonl': '{"ids": [1, 2, 3, 4]}' });
    expect(feed((await read(folder, { inputs: [ids] }))[0], 'ids')?.shape).toEqual([1, 4]);
  });

  it.each([
    ['DATASET_MISSING_COLUMN', csv, {}],
    ['DATASET_MISSING_COLUMN', csv, { preprocess: { columns: { x: ['a', 'nope'] } } }],
    ['DATASET_MISSING_COLUMN', csv, { preprocess: { columns: { x: { from: 'c', to: 'a' } } } }],
    ['DATASET_LABEL', csv, { preprocess: { columns }, label: 'nope' }],
    ['DATASET_VALUE', csv, { preprocess: { columns: { x: ['a', 'b', 'region'] } } }],
    ['DATASET_SHAPE', csv, { preprocess: { columns: { x: ['a', 'b'] } } }],
    ['DATASET_CSV', 'a,b\n1\n', {}],
    ['DATASET_CSV', 'a,a\n1,2\n', {}],
    ['DATASET_CSV', 'a,b\n"1,2\n', {}],
    ['DATASET_EMPTY', 'a,b,c\n', {}],
    ['DATASET_PREPROCESS', csv, { preprocess: { columns: { x: [] } } }],
  ])('are refused with %s when they do not fit', async (code, text, options) => {
    const folder = await folderOf({ 'a.csv': text });
    await failure(folder, { inputs: [x], ...options }).toMatchObject({ code });
  });

  it.each(['{"x": 1', '[1]', 'null'])('refuse the JSONL line %s, naming it', async (line) => {
    const folder = await folderOf({ 'a.jsonl': `{"x": [1, 2, 3]}\n${line}\n` });
    await failure(folder, { inputs: [x] }).toMatchObject({
      code: 'DATASET_JSONL',
      where: expect.stringMatching(/:2$/),
    });
  });
});

describe('ONNX test sets', () => {
  it('feed inputs by name or by number, in the order of the sets', async () => {
    const y: InputSpec = { name: 'y', dtype: 'float32', shape: [1] };
    const set = (n: number, name: string) => ({
      [`test_data_set_${n}/input_0.pb`]: writeTensorProto(counting([2, 3]), name),
      [`test_data_set_${n}/input_1.pb`]: writeTensorProto(float32([n]), 'y'),
      [`test_data_set_${n}/output_0.pb`]: writeTensorProto(float32([n * 10]), 'out'),
    });
    const folder = await folderOf({ ...set(10, 'x'), ...set(2, '') });
    const samples = await read(folder, { inputs: [x, y], label: 'out' });
    expect(samples.map((sample) => feed(sample, 'y')?.values)).toEqual([[2], [10]]);
    expect(feed(samples[0])?.shape).toEqual([2, 3]);
    expect(samples[0]?.label).toEqual(float32([20]));
    expect((await read(join(folder, 'test_data_set_2'), { inputs: [x, y] })).length).toBe(1);
    await failure(folder, { inputs: [x, y], label: 'nope' }).toMatchObject({ code: 'DATASET_LABEL' });
    await failure(folder, { inputs: [x, y, { ...y, name: 'z' }] }).toMatchObject({
      code: 'DATASET_MISSING_ARRAY',
    });
  });
});

describe('openDataset', () => {
  it('draws a seeded selection', async () => {
    const folder = await folderOf({ 'x.npy': encodeNpy(counting([50, 3])) });
    const pick = (seed: number) => read(folder, { inputs: [x], samples: 5, seed });
    const first = (await pick(1)).map(({ id }) => id);
    expect(first.length).toBe(5);
    expect((await pick(1)).map(({ id }) => id)).toEqual(first);
    expect((await pick(2)).map(({ id }) => id)).not.toEqual(first);
  });

  it.each([
    ['DATASET_KIND', { 'a.txt': 'hello' }],
    ['DATASET_KIND', {}],
    ['DATASET_KIND', { 'a.csv': 'x\n1\n', 'b.csv': 'x\n1\n' }],
    ['DATASET_NPY', { 'a.npy': 'hello' }],
    ['DATASET_NPZ', { 'a.npz': 'hello' }],
  ])('refuses with %s a folder that holds %o', async (code, files) => {
    await failure(await folderOf(files), { inputs: [x] }).toMatchObject({ code });
  });

  it('refuses a path that does not exist and a file of unknown kind', async () => {
    await failure(join(root, 'absent'), { inputs: [x] }).toMatchObject({ code: 'DATASET_UNREADABLE' });
    const folder = await folderOf({ 'a.bin': 'x' });
    await failure(join(folder, 'a.bin'), { inputs: [x] }).toMatchObject({ code: 'DATASET_KIND' });
  });

  it('refuses a preprocessing file with an unknown field or no JSON, naming file and field', async () => {
    const folder = await folderOf({ 'a.csv': 'a,b,c\n1,2,3\n', 'typo.json': '{"sizes": 3}', 'no.json': '{' });
    for (const file of ['typo.json', 'no.json']) {
      const preprocess = join(folder, file);
      await failure(join(folder, 'a.csv'), { inputs: [x], preprocess }).toMatchObject({
        code: 'DATASET_PREPROCESS',
        where: preprocess,
      });
    }
  });
});
