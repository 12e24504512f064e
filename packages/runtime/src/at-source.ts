import type { Model } from '@octavo/core/ir';
import { OctavoError } from '@octavo/core/tensor';

/** Does something with a model. What fails names the path or URL that the model is read from, where it has one. */
export async function atSource<T>(source: Model | string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (typeof source !== 'string' || !(error instanceof OctavoError)) throw error;
    throw beginsWith(source, error.where) ? error : error.within(source);
  }
}

/** Whether a place is the source, or one in it. */
function beginsWith(source: string, where = ''): boolean {
  return where === source || [':', ','].some((mark) => where.startsWith(source + mark));
}
