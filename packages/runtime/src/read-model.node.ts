import type { Model } from '@octavo/core/ir';
import { loadOnnx } from '@octavo/formats/node';

/** The model in a file. */
export function readModel(path: string): Promise<Model> {
  return loadOnnx(path);
}
