import {
  broadcastShapes,
  elementCount,
  isBigInt,
  isFloat,
  type Shape,
  Tensor,
  toNumbers,
} from '@octavo/core/tensor';
import { combineBroadcast } from './broadcast.js';
import { floatTensor, resultArray } from './floats.js';

/**
 * A function of two elements: `real` for floats, `integer` for integers of up to 32 bits (default `real`; the
 * result wraps to the dtype), `big` for 64-bit integers (wraps too).
 */
export interface BinaryFunction {
  readonly real: (a: number, b: number) => number;
  readonly integer?: (a: number, b: number) => number;
  readonly big?: (a: bigint, b: bigint) => bigint;
}

/** The same of one element. */
export interface UnaryFunction {
  readonly real: (x: number) => number;
  readonly big?: (x: bigint) => bigint;
}

/** The elements of a 64-bit integer tensor. */
export function toBigInts(tensor: Tensor): BigInt64Array | BigUint64Array {
  if (tensor.is('int64') || tensor.is('uint64')) return tensor.data;
  return BigInt64Array.from(toNumbers(tensor), (value) => BigInt(Math.trunc(value)));
}

/** A tensor of `int64` or `uint64`; values wrap. */
export function fromBigInts(dtype: 'int64' | 'uint64', shape: Shape, values: ArrayLike<bigint>): Tensor {
  return dtype === 'int64'
    ? new Tensor(dtype, shape, BigInt64Array.from(values))
    : new Tensor(dtype, shape, BigUint64Array.from(values));
}

/** Room for 64-bit integers; what does not fit wraps. */
export function bigIntArray(dtype: 'int64' | 'uint64', count: number): BigInt64Array | BigUint64Array {
  return dtype === 'int64' ? new BigInt64Array(count) : new BigUint64Array(count);
}

/** `f` of each element, in the tensor's dtype. */
export function mapElements(tensor: Tensor, f: UnaryFunction): Tensor {
  const { dtype, shape } = tensor;
  if (isBigInt(dtype) && f.big) {
    const { big } = f;
    return fromBigInts(
      dtype,
      shape,
      toBigInts(tensor).map((x) => big(x)),
    );
  }
  const values = toNumbers(tensor);
  const results = resultArray(dtype, values.length);
  for (let i = 0; i < values.length; i++) results[i] = f.real(values[i] ?? 0);
  return floatTensor(dtype, shape, results);
}

/** `f` of each pair of broadcast elements, in the dtype of `a`. */
export function zipElements(a: Tensor, b: Tensor, f: BinaryFunction): Tensor {
  const { dtype } = a;
  const shape = broadcastShapes(a.shape, b.shape);
  if (isBigInt(dtype) && isBigInt(b.dtype) && f.big) {
    const results = bigIntArray(dtype, elementCount(shape));
    const left: ArrayLike<bigint> = toBigInts(a);
    const right: ArrayLike<bigint> = toBigInts(b);
    combineBroadcast({ elements: left, shape: a.shape }, { elements: right, shape: b.shape }, results, f.big);
    return fromBigInts(dtype, shape, results);
  }
  const results = resultArray(dtype, elementCount(shape));
  const combine = isFloat(dtype) ? f.real : (f.integer ?? f.real);
  combineBroadcast(
    { elements: toNumbers(a), shape: a.shape },
    { elements: toNumbers(b), shape: b.shape },
    results,
    combine,
  );
  return floatTensor(dtype, shape, results);
}
