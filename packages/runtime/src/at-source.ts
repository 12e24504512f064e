import type { Model } from '@octavo/core/ir';
import { OctavoError } from '@octavo/core/tensor';

/** Does something with a model. What fails names the path or URL that the model is read from, where it has one. */
export async function atSource<T>(source: Model | string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (typeof source !== 'string' || !(error instanceof OctavoError)) throw error;
    throw error.where?.includes(source) ? error : error.within(source);
  }
}
