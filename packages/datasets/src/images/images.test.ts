import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { toNumbers } from '@octavo/core/tensor';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { InputSpec, Sample } from '../dataset.js';
import { openDataset } from '../open-dataset.node.js';
import { type Preprocess, parsePreprocess } from '../preprocess.js';
import { planImages } from './image-plan.js';
import { imageTensor } from './image-tensor.js';

const image: InputSpec = { name: 'image', dtype: 'float32', shape: ['N', 3, 2, 2] };
const pixels = { height: 2, width: 2, channels: 3, data: Uint8Array.from({ length: 12 }, (_, i) => i * 20) };

const tensorOf = (preprocess: Preprocess, input = image) =>
  imageTensor(pixels, planImages([input], preprocess, 'test'), 'test');

describe('imageTensor', () => {
  it('separates the channels for NCHW and scales, shifts and divides them', () => {
    const means = [0.1, 0.2, 0.3];
    const deviations = [0.5, 0.25, 2];
    const tensor = tensorOf({ scale: 1 / 255, mean: means, std: deviations });
    expect(tensor.shape).toEqual([1, 3, 2, 2]);
    const expected = [0, 60, 120, 180, 20, 80, 140, 200, 40, 100, 160, 220].map((pixel, i) => {
      const channel = Math.floor(i / 4);
      return Math.fround((pixel * (1 / 255) - (means[channel] ?? 0)) / (deviations[channel] ?? 1));
    });
    expect([...toNumbers(tensor)]).toEqual(expected);
  });

  it('keeps the pixels together for NHWC and turns the channels around for BGR', () => {
    const input: InputSpec = { name: 'image', dtype: 'uint8', shape: [1, 2, 2, 3] };
    const tensor = tensorOf({ order: 'BGR' }, input);
    expect(tensor.dtype).toBe('uint8');
    expect([...toNumbers(tensor)]).toEqual([40, 20, 0, 100, 80, 60, 160, 140, 120, 220, 200, 180]);
  });

  it('rounds and saturates for integer inputs', () => {
    const input: InputSpec = { name: 'image', dtype: 'int8', shape: [1, 3, 2, 2] };
    expect([...toNumbers(tensorOf({ mean: 10 }, input))]).toEqual([
      -10, 50, 110, 127, 10, 70, 127, 127, 30, 90, 127, 127,
    ]);
    const wide = tensorOf({ mean: 10, scale: 2 }, { ...input, dtype: 'int32' });
    expect([...toNumbers(wide)]).toEqual([-10, 110, 230, 350, 30, 150, 270, 390, 70, 190, 310, 430]);
  });

  it('refuses an image of another size than the input’s', () => {
    expect(() => tensorOf({}, { ...image, shape: [1, 3, 4, 4] })).toThrow(
      expect.objectContaining({ code: 'DATASET_SHAPE' }),
    );
  });
});

describe('planImages', () => {
  it('refuses models with several inputs, values for the wrong number of channels, and inputs without height', () => {
    const code = (inputs: InputSpec[], preprocess: Preprocess) => {
      try {
        planImages(inputs, preprocess, 'test');
      } catch (error) {
        return (error as { code?: string }).code;
      }
      return undefined;
    };
    expect(code([image, { ...image, name: 'mask' }], {})).toBe('DATASET_PREPROCESS');
    expect(code([image], { mean: [1, 2] })).toBe('DATASET_PREPROCESS');
    expect(code([{ ...image, shape: ['N', 3] }], {})).toBe('DATASET_SHAPE');
    expect(code([{ ...image, shape: [1, 1, 28, 28] }], { mean: [1] })).toBeUndefined();
  });
});

describe('parsePreprocess', () => {
  it.each([
    { size: 0 },
    { size: [1, 2, 3] },
    { std: 0 },
    { layout: 'CHW' },
    { order: 'RGBA' },
    { labels: { file: 'a.csv' } },
    { scal: 1 },
    7,
    null,
  ])('refuses %o', (json) => {
    expect(() => parsePreprocess(json, 'p.json')).toThrow(
      expect.objectContaining({ code: 'DATASET_PREPROCESS', where: 'p.json' }),
    );
  });
});

describe('image folders', () => {
  let root = '';
  const png = (width: number, height: number, color: [number, number, number]) =>
    sharp({ create: { width, height, channels: 3, background: { r: color[0], g: color[1], b: color[2] } } })
      .png()
      .toBuffer();

  const write = async (name: string, content: Uint8Array | string) => {
    await mkdir(dirname(join(root, name)), { recursive: true });
    await writeFile(join(root, name), content);
  };

  async function read(path: string, preprocess: Preprocess = {}, label?: string): Promise<Sample[]> {
    const samples: Sample[] = [];
    const dataset = await openDataset(join(root, path), { inputs: [image], preprocess, label });
    for await (const sample of dataset.samples()) samples.push(sample);
    return samples;
  }
  const values = (sample: Sample | undefined) => [...toNumbers(sample?.feeds['image'] ?? failed())];
  const failed = (): never => {
    throw new Error('no image');
  };

  beforeAll(async () => {
    root = await mkdtemp(join(tmpdir(), 'images-'));
    await write('flat/b.png', await png(8, 6, [10, 20, 30]));
    await write('flat/a.PNG', await png(2, 2, [1, 2, 3]));
    await write('flat/labels.csv', 'file,kind,price\nb.png,1,5.5\na.PNG,0,7\n');
    await write('classes/dog/1.png', await png(2, 2, [1, 1, 1]));
    await write('classes/cat/2.png', await png(2, 2, [2, 2, 2]));
    await write('broken/1.png', 'no image');
  });
  afterAll(() => rm(root, { recursive: true }));

  it('are read in the order of their paths, stretched to the model’s size', async () => {
    const samples = await read('flat');
    expect(samples.map(({ id }) => id)).toEqual(['a.PNG', 'b.png']);
    expect(values(samples[1])).toEqual([10, 10, 10, 10, 20, 20, 20, 20, 30, 30, 30, 30]);
    expect(samples[0]).not.toHaveProperty('label');
  });

  it('take labels and columns from a table', async () => {
    const samples = await read('flat', { labels: { file: 'labels.csv', image: 'file' } }, 'kind');
    expect(samples.map(({ id, label }) => [id, label])).toEqual([
      ['b.png', 1],
      ['a.PNG', 0],
    ]);
    expect(samples[0]?.columns).toEqual({ file: 'b.png', kind: 1, price: 5.5 });
  });

  it('take the subfolders as classes', async () => {
    const samples = await read('classes');
    expect(samples.map(({ label, columns }) => [label, columns?.['class']])).toEqual([
      [0, 'cat'],
      [1, 'dog'],
    ]);
  });

  it('are resized by the shorter side and cropped in the middle', async () => {
    const stripes = Buffer.from(Array.from({ length: 8 * 4 * 3 }, (_, i) => (Math.floor(i / 3) % 8) * 30));
    await write(
      'crop/1.png',
      await sharp(stripes, { raw: { width: 8, height: 4, channels: 3 } })
        .png()
        .toBuffer(),
    );
    const [sample] = await read('crop', { size: 4, crop: 2 });
    expect(values(sample).slice(0, 4)).toEqual([90, 120, 90, 120]);
    await expect(read('crop', { size: 4, crop: 6 })).rejects.toMatchObject({ code: 'DATASET_SHAPE' });
  });

  it('are refused when an image is broken or absent, or the table lacks a column', async () => {
    await expect(read('broken')).rejects.toMatchObject({
      code: 'DATASET_IMAGE',
      where: join(root, 'broken/1.png'),
    });
    const labels = { file: 'labels.csv', image: 'file' };
    await expect(read('flat', { labels }, 'nope')).rejects.toMatchObject({ code: 'DATASET_LABEL' });
    await expect(read('flat', { labels: { ...labels, image: 'nope' } })).rejects.toMatchObject({
      code: 'DATASET_MISSING_COLUMN',
    });
    await write('flat/absent.csv', 'file\nc.png\n');
    await expect(read('flat', { labels: { ...labels, file: 'absent.csv' } })).rejects.toMatchObject({
      code: 'DATASET_IMAGE',
    });
  });
});
