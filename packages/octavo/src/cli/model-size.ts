import { stat } from 'node:fs/promises';
import type { Model } from '@octavo/core/ir';
import { sourceFiles } from '@octavo/formats/node';

/** Bytes of a model's file and of the external data that its tensors lie in. */
export async function sizeOnDisk(file: string, model: Model): Promise<number> {
  const sizes = new Map<string, number>();
  for (const path of [file, ...sourceFiles(model)]) {
    const { dev, ino, size } = await stat(path);
    sizes.set(`${dev}:${ino}`, size);
  }
  return [...sizes.values()].reduce((sum, size) => sum + size, 0);
}
