import type { DType } from '@octavo/core/tensor';

/** Element types as words of programs: `octavo_type` in `native/include/octavo/base.h`. */
const NATIVE_TYPES: { readonly [D in DType]?: number } = {
  int8: 0,
  uint8: 1,
  int32: 2,
  float32: 3,
  float16: 4,
  bfloat16: 5,
  int16: 6,
  uint16: 7,
};

/** The word of an element type; -1, which every op refuses, for one that no kernel has. */
export function nativeType(dtype: DType): number {
  return NATIVE_TYPES[dtype] ?? -1;
}
