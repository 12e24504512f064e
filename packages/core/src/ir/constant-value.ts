import type { StoredTensor } from '../tensor/index.js';
import { Constant, constantOf } from './ops/index.js';
import type { Value } from './value.js';

/**
 * The elements of a value that never changes: an initializer's, or those of a `Constant` node.
 * Undefined for everything else, sparse constants included.
 */
export function storedConstant(value: Value | undefined): StoredTensor | undefined {
  if (!value?.producer) return value?.constant;
  return value.constant ?? (value.producer.op.key === Constant.key ? constantOf(value.producer) : undefined);
}
