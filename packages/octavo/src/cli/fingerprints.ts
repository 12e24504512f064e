import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { resolve } from 'node:path';
import type { Dataset, Sample } from '@octavo/datasets';

/** Samples that stand for a set, evenly spaced from the first to the last. */
const SPREAD = 16;

/**
 * SHA-256 in hexadecimal of the files that a model is read from: graph and weights.
 * @param files The model's own file, then those of its tensors; one may be named twice.
 */
export async function fingerprintOfModel(files: readonly string[]): Promise<string> {
  const hash = createHash('sha256');
  for (const file of new Set(files.map((each) => resolve(each))))
    for await (const chunk of createReadStream(file)) hash.update(chunk);
  return hash.digest('hex');
}

/**
 * SHA-256 in hexadecimal of what a model is fed with by 16 of the samples of a set, and how many there are: reading all would take
 * as long as calibrating. Paths do not count, so that copies on other machines are the same set; preprocessing does.
 */
export async function fingerprintOfData(dataset: Dataset): Promise<{ digest: string; samples: number }> {
  const hash = createHash('sha256');
  // What is opened by a path always has a size.
  const { size: samples = 0 } = dataset;
  const count = Math.min(SPREAD, samples);
  for (let i = 0; i < count; i++) {
    const skip = Math.floor((i * (samples - 1)) / Math.max(count - 1, 1));
    for await (const { feeds } of dataset.samples({ skip, limit: 1 })) hash.update(contentOf(feeds));
  }
  return { digest: hash.digest('hex'), samples };
}

function contentOf(feeds: Sample['feeds']): Uint8Array {
  const tensors = Object.entries(feeds).sort(([a], [b]) => (a < b ? -1 : 1));
  return Buffer.concat(
    tensors.flatMap(([name, { dtype, shape, bytes }]) => [
      Buffer.from(JSON.stringify([name, dtype, shape])),
      bytes,
    ]),
  );
}
