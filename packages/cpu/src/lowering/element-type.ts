import type { Value } from '@octavo/core/ir';
import { type DType, OctavoError } from '@octavo/core/tensor';
import { dtypeOf } from './static-value.js';

/** Types of ops that compute with integers and truth values as they are: `native/src/elementwise/element.h`. */
const ELEMENTS: { readonly [D in DType]?: number } = { int32: 0, int64: 1, float32: 2, uint8: 3, bool: 3 };

/** The word of the type of a value's elements; undefined for one that such ops do not take, and quantized values. */
export function elementType(value: Value): number | undefined {
  return value.quantized ? undefined : ELEMENTS[dtypeOf(value)];
}

/** {@link elementType} of a value that a lowering accepted. */
export function requiredElementType(value: Value): number {
  const type = elementType(value);
  if (type !== undefined) return type;
  throw new OctavoError({
    code: 'BACKEND_DTYPE',
    where: `value ${value.name}`,
    message: `no kernel takes its elements of ${dtypeOf(value)} as they are.`,
  });
}
