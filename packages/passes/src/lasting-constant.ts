import type { Graph, Value } from '@octavo/core/ir';
import type { StoredTensor } from '@octavo/core/tensor';

/** The elements of an initializer that no run replaces: those of an input are its default only. */
export function lastingConstant({ inputs }: Graph, value: Value): StoredTensor | undefined {
  return inputs.includes(value) ? undefined : value.constant;
}
