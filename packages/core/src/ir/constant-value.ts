import { float32, int64, StoredTensor, stringTensor } from '../tensor/index.js';
import type { Attribute } from './attribute.js';
import type { Value } from './value.js';

/**
 * The elements of a value that never changes: an initializer's, or those in the attribute of a `Constant` node.
 * Undefined for everything else, sparse constants included.
 */
export function storedConstant(value: Value | undefined): StoredTensor | undefined {
  if (value?.constant) return value.constant;
  const node = value?.producer;
  if (node?.op.name !== 'Constant' || node.op.domain !== '') return undefined;
  for (const [name, attribute] of node.attributes) {
    if (name.startsWith('value')) return fromAttribute(attribute);
  }
  return undefined;
}

function fromAttribute(attribute: Attribute): StoredTensor | undefined {
  switch (attribute.kind) {
    case 'tensor':
      return attribute.value;
    case 'int':
      return StoredTensor.of(int64([attribute.value], []));
    case 'ints':
      return StoredTensor.of(int64(attribute.value));
    case 'float':
      return StoredTensor.of(float32([attribute.value], []));
    case 'floats':
      return StoredTensor.of(float32(attribute.value));
    case 'string':
      return StoredTensor.of(stringTensor([attribute.value], []));
    case 'strings':
      return StoredTensor.of(stringTensor(attribute.value));
    default:
      return undefined;
  }
}
