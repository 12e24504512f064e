import { byteLengthOf, type DType } from './dtype.js';
import { TensorError } from './error.js';
import { elementCount, type Shape } from './shape.js';

/** The most bytes of one value of a model where nobody says otherwise: 2 GiB, as much as native ops can index. */
export const MAX_TENSOR_BYTES = 2 ** 31;

/** What a string costs, however short it is. */
const STRING_BYTES = 64;

/**
 * Checks, before memory is asked for, that a tensor of this type takes no more bytes than `limit`.
 * @throws TensorError `TENSOR_TOO_LARGE` with shape, bytes and limit; `TENSOR_SHAPE` for sizes that are none.
 */
export function checkTensorBytes(dtype: DType, shape: Shape, limit: number, where?: string): void {
  let count = shape.includes(0) ? 0 : 1;
  for (let axis = 0; axis < shape.length; axis++) count *= shape[axis] ?? 1;
  const bytes = dtype === 'string' ? count * STRING_BYTES : byteLengthOf(dtype, count);
  if (bytes > limit) throw tooLarge(bytes, limit, `a ${dtype} tensor of shape [${shape.join(', ')}]`, where);
  elementCount(shape, where);
}

/**
 * Checks, before memory is asked for, that something takes no more bytes than `limit`.
 * @param what Begins the message.
 * @throws TensorError `TENSOR_TOO_LARGE` with bytes and limit.
 */
export function checkBytes(bytes: number, limit: number, what: string, where?: string): void {
  if (bytes > limit) throw tooLarge(bytes, limit, what, where);
}

function tooLarge(bytes: number, limit: number, what: string, where: string | undefined): TensorError {
  return new TensorError({
    code: 'TENSOR_TOO_LARGE',
    where,
    message: `${what} takes ${inUnits(bytes)}, and the limit is ${inUnits(limit)}.`,
    remedy: 'If the model means it, open it with a larger maxTensorBytes.',
  });
}

function inUnits(bytes: number): string {
  return bytes < 2 ** 20 ? `${bytes} bytes` : `${Number((bytes / 2 ** 20).toPrecision(4))} MiB`;
}
