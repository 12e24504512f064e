import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { Tensor } from '@octavo/core/tensor';
import type { Sample } from '@octavo/datasets';

/** How a byte of a channel becomes the model's input. */
export type PixelScale = (value: number, channel: number) => number;

/** Raw N x H x W x 3 bytes to NCHW samples, with one label byte each where given. */
export async function readPixels(
  pixels: string,
  labels: string | undefined,
  size: number,
  input: string,
  scale: PixelScale,
): Promise<Sample[]> {
  const bytes = await readFile(pixels);
  const area = size * size;
  const labelBytes = labels ? await readFile(labels) : undefined;
  return Array.from({ length: bytes.length / (3 * area) }, (_, n) => {
    const data = new Float32Array(3 * area);
    for (let i = 0; i < 3 * area; i++) {
      const channel = i % 3;
      data[channel * area + (i - channel) / 3] = scale(bytes[n * 3 * area + i] ?? 0, channel);
    }
    const feeds = { [input]: new Tensor('float32', [1, 3, size, size], data) };
    const label = labelBytes?.[n];
    return label === undefined ? { id: `${n}`, feeds } : { id: `${n}`, feeds, label };
  });
}

/** MNIST's idx files. */
export async function readIdx(folder: string, input: string): Promise<Sample[]> {
  const images = gunzipSync(await readFile(join(folder, 't10k-images-idx3-ubyte.gz'))).subarray(16);
  const labels = gunzipSync(await readFile(join(folder, 't10k-labels-idx1-ubyte.gz'))).subarray(8);
  return Array.from(labels, (label, n) => ({
    id: `${n}`,
    label,
    feeds: {
      [input]: new Tensor(
        'float32',
        [1, 1, 28, 28],
        Float32Array.from(images.subarray(n * 784, (n + 1) * 784)),
      ),
    },
  }));
}
