import type { Model } from '@octavo/core/ir';
import { byteLengthOf } from '@octavo/core/tensor';

/** Bytes of a model's constant tensors: its file is larger by its structure only. */
export function modelBytes({ graph }: Model): number {
  return graph.initializers.reduce((sum, { constant }) => {
    return constant && constant.dtype !== 'string' ? sum + byteLengthOf(constant.dtype, constant.size) : sum;
  }, 0);
}
