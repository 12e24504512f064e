import { DTYPES, type DType } from './dtype.js';
import { TensorError } from './error.js';
import { bfloat16ToFloat32, float16ToFloat32, float32ToBfloat16, float32ToFloat16 } from './float16.js';
import { pack, unpack } from './packed.js';
import { elementCount, type Shape } from './shape.js';
import { allocate, Tensor } from './tensor.js';

/** Arrays whose slots are plain numbers, one an element. */
export type NumberArray =
  | Float32Array
  | Float64Array
  | Int8Array
  | Uint8Array
  | Int16Array
  | Uint16Array
  | Int32Array
  | Uint32Array;

/** What is stored as plain numbers, one in a slot. */
const PLAIN: ReadonlySet<DType> = new Set<DType>([
  'float32',
  'float64',
  'int8',
  'uint8',
  'int16',
  'uint16',
  'int32',
  'uint32',
  'bool',
]);

/**
 * The elements of a numeric tensor as numbers, one slot each: the tensor's own array where that is possible,
 * otherwise a new one (fp16/bf16 widen to float32, packed types to bytes, 64-bit integers to float64).
 * 64-bit integers beyond 2^53 lose their low bits. Throws `TENSOR_DTYPE` for strings and opaque types.
 */
export function toNumbers(tensor: Tensor): NumberArray {
  if (PLAIN.has(tensor.dtype)) return tensor.data as NumberArray;
  if (tensor.is('float16')) return Float32Array.from(tensor.data, float16ToFloat32);
  if (tensor.is('bfloat16')) return Float32Array.from(tensor.data, bfloat16ToFloat32);
  if (tensor.is('int64') || tensor.is('uint64'))
    return Float64Array.from(tensor.data as ArrayLike<bigint>, Number);
  if (tensor.is('int4') || tensor.is('uint4') || tensor.is('int2') || tensor.is('uint2')) {
    return unpack(tensor.dtype, tensor.data, tensor.size);
  }
  throw new TensorError({ code: 'TENSOR_DTYPE', message: `${tensor.dtype} elements are no numbers.` });
}

/**
 * A tensor of `dtype` from numbers, as ONNX Cast does it: floats round to nearest even, float to integer
 * truncates and wraps (as typed arrays do), bool is `value != 0`.
 */
export function fromNumbers<D extends DType>(dtype: D, shape: Shape, values: ArrayLike<number>): Tensor<D>;
export function fromNumbers(dtype: DType, shape: Shape, values: ArrayLike<number>): Tensor {
  const count = elementCount(shape);
  if (values.length !== count) {
    throw new TensorError({
      code: 'TENSOR_DATA',
      message: `shape [${shape.join(', ')}] needs ${count} elements, found ${values.length}.`,
    });
  }
  switch (dtype) {
    case 'float16':
      return new Tensor(dtype, shape, Uint16Array.from(values, float32ToFloat16));
    case 'bfloat16':
      return new Tensor(dtype, shape, Uint16Array.from(values, float32ToBfloat16));
    case 'int64':
      return new Tensor(dtype, shape, BigInt64Array.from(values, toBigInt));
    case 'uint64':
      return new Tensor(dtype, shape, BigUint64Array.from(values, toBigInt));
    case 'bool':
      return new Tensor(
        dtype,
        shape,
        Uint8Array.from(values, (value) => (value !== 0 ? 1 : 0)),
      );
    case 'int4':
    case 'uint4':
    case 'int2':
    case 'uint2':
      return new Tensor(dtype, shape, pack(dtype, values));
  }
  const kind = DTYPES[dtype].kind;
  if (kind === 'string' || kind === 'opaque') {
    throw new TensorError({ code: 'TENSOR_DTYPE', message: `${dtype} tensors are not made from numbers.` });
  }
  const data = allocate(dtype, count) as NumberArray;
  data.set(values);
  return new Tensor(dtype, shape, data);
}

function toBigInt(value: number): bigint {
  return Number.isFinite(value) ? BigInt(Math.trunc(value)) : 0n;
}
