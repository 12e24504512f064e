/**
 * The element types of ONNX's `TensorProto.DataType`, by Octavo's names.
 * `bits` is the size of one element as it is stored: sub-byte types are packed, first element in the low bits.
 */
export const DTYPES = {
  float32: { onnx: 1, bits: 32, array: Float32Array, kind: 'float' },
  uint8: { onnx: 2, bits: 8, array: Uint8Array, kind: 'int' },
  int8: { onnx: 3, bits: 8, array: Int8Array, kind: 'int' },
  uint16: { onnx: 4, bits: 16, array: Uint16Array, kind: 'int' },
  int16: { onnx: 5, bits: 16, array: Int16Array, kind: 'int' },
  int32: { onnx: 6, bits: 32, array: Int32Array, kind: 'int' },
  int64: { onnx: 7, bits: 64, array: BigInt64Array, kind: 'int' },
  string: { onnx: 8, bits: 0, array: Uint8Array, kind: 'string' },
  bool: { onnx: 9, bits: 8, array: Uint8Array, kind: 'bool' },
  float16: { onnx: 10, bits: 16, array: Uint16Array, kind: 'float' },
  float64: { onnx: 11, bits: 64, array: Float64Array, kind: 'float' },
  uint32: { onnx: 12, bits: 32, array: Uint32Array, kind: 'int' },
  uint64: { onnx: 13, bits: 64, array: BigUint64Array, kind: 'int' },
  complex64: { onnx: 14, bits: 64, array: Uint8Array, kind: 'opaque' },
  complex128: { onnx: 15, bits: 128, array: Uint8Array, kind: 'opaque' },
  bfloat16: { onnx: 16, bits: 16, array: Uint16Array, kind: 'float' },
  float8e4m3fn: { onnx: 17, bits: 8, array: Uint8Array, kind: 'opaque' },
  float8e4m3fnuz: { onnx: 18, bits: 8, array: Uint8Array, kind: 'opaque' },
  float8e5m2: { onnx: 19, bits: 8, array: Uint8Array, kind: 'opaque' },
  float8e5m2fnuz: { onnx: 20, bits: 8, array: Uint8Array, kind: 'opaque' },
  uint4: { onnx: 21, bits: 4, array: Uint8Array, kind: 'int' },
  int4: { onnx: 22, bits: 4, array: Uint8Array, kind: 'int' },
  float4e2m1: { onnx: 23, bits: 4, array: Uint8Array, kind: 'opaque' },
  float8e8m0: { onnx: 24, bits: 8, array: Uint8Array, kind: 'opaque' },
  uint2: { onnx: 25, bits: 2, array: Uint8Array, kind: 'int' },
  int2: { onnx: 26, bits: 2, array: Uint8Array, kind: 'int' },
} as const;

export type DType = keyof typeof DTYPES;

/** The typed array that holds the elements of dtype `D`; fp16 and bf16 hold bit patterns, packed types bytes. */
export type ArrayOf<D extends DType> = Widen<InstanceType<(typeof DTYPES)[D]['array']>>;

/** Typed arrays over any buffer: shared ones too. */
type Widen<T> = {
  [K in keyof Arrays]: T extends Arrays[K] ? Arrays[K] : never;
}[keyof Arrays];

interface Arrays {
  f32: Float32Array;
  f64: Float64Array;
  i8: Int8Array;
  u8: Uint8Array;
  i16: Int16Array;
  u16: Uint16Array;
  i32: Int32Array;
  u32: Uint32Array;
  i64: BigInt64Array;
  u64: BigUint64Array;
}

/** Any array that a tensor can hold. */
export type TensorArray = ArrayOf<DType>;

export type FloatDType = 'float32' | 'float16' | 'bfloat16' | 'float64';
export type IntDType = { [D in DType]: (typeof DTYPES)[D]['kind'] extends 'int' ? D : never }[DType];

const BY_ONNX: ReadonlyMap<number, DType> = new Map(
  (Object.keys(DTYPES) as DType[]).map((dtype) => [DTYPES[dtype].onnx, dtype]),
);

export const ALL_DTYPES: readonly DType[] = Object.keys(DTYPES) as DType[];

/** The dtype of an ONNX `TensorProto.DataType` code, or undefined when the code is not known. */
export function dtypeFromOnnx(code: number): DType | undefined {
  return BY_ONNX.get(code);
}

export function isDType(name: string): name is DType {
  return Object.hasOwn(DTYPES, name);
}

export function isFloat(dtype: DType): dtype is FloatDType {
  return DTYPES[dtype].kind === 'float';
}

/** Whether a dtype is a float of 16 bits. */
export function isHalf(dtype: DType): dtype is 'float16' | 'bfloat16' {
  return dtype === 'float16' || dtype === 'bfloat16';
}

export function isInteger(dtype: DType): dtype is IntDType {
  return DTYPES[dtype].kind === 'int';
}

/** Whether several elements share one byte. */
export function isPacked(dtype: DType): boolean {
  return DTYPES[dtype].bits < 8 && dtype !== 'string';
}

/** Whether the dtype's elements are bigint in JavaScript. */
export function isBigInt(dtype: DType): dtype is 'int64' | 'uint64' {
  return dtype === 'int64' || dtype === 'uint64';
}

/** Bytes that `count` elements occupy; a last partial byte of a packed dtype counts whole. */
export function byteLengthOf(dtype: DType, count: number): number {
  return Math.ceil((count * DTYPES[dtype].bits) / 8);
}
