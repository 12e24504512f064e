import { TensorError } from './error.js';

/** Concrete sizes, outermost first; `[]` is a scalar. */
export type Shape = readonly number[];

/**
 * Number of elements of a shape. Throws `TENSOR_SHAPE` when a size is negative, fractional or the product passes 2^53.
 * @param where Whose shape it is, for the error.
 */
export function elementCount(shape: Shape, where?: string): number {
  let count = 1;
  for (let axis = 0; axis < shape.length; axis++) {
    const size = shape[axis];
    if (size === undefined || !Number.isSafeInteger(size) || size < 0) {
      throw new TensorError({
        code: 'TENSOR_SHAPE',
        where,
        message: `shape [${shape.join(', ')}] has the size ${size}; sizes are integers >= 0.`,
      });
    }
    count *= size;
  }
  if (!Number.isSafeInteger(count)) {
    throw new TensorError({
      code: 'TENSOR_SHAPE',
      where,
      message: `shape [${shape.join(', ')}] has more elements than can be counted.`,
    });
  }
  return count;
}

/** Row-major strides in elements. */
export function stridesOf(shape: Shape): number[] {
  const strides = new Array<number>(shape.length);
  let stride = 1;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    strides[axis] = stride;
    stride *= shape[axis] ?? 1;
  }
  return strides;
}

export function sameShape(a: Shape, b: Shape): boolean {
  return a.length === b.length && a.every((size, axis) => size === b[axis]);
}

/** `axis` counted from the front. Throws `TENSOR_AXIS` when it is outside [-rank, rank - 1]. */
export function normalizeAxis(axis: number, rank: number): number {
  const normalized = axis < 0 ? axis + rank : axis;
  if (!Number.isInteger(axis) || normalized < 0 || normalized >= rank) {
    throw new TensorError({
      code: 'TENSOR_AXIS',
      message: `axis ${axis} is outside a tensor of rank ${rank}.`,
    });
  }
  return normalized;
}

/** The shape that numpy's broadcasting gives. Throws `TENSOR_BROADCAST` when two sizes differ and neither is 1. */
export function broadcastShapes(...shapes: readonly Shape[]): number[] {
  const rank = Math.max(0, ...shapes.map((shape) => shape.length));
  return Array.from({ length: rank }, (_, axis) => {
    let size = 1;
    for (let i = 0; i < shapes.length; i++) {
      const shape = shapes[i] ?? [];
      const own = shape[axis - rank + shape.length] ?? 1;
      if (own === 1) continue;
      if (size !== 1 && size !== own) {
        const list = shapes.map((each) => `[${each.join(', ')}]`).join(' and ');
        throw new TensorError({
          code: 'TENSOR_BROADCAST',
          message: `shapes ${list} do not broadcast at axis ${axis}.`,
        });
      }
      size = own;
    }
    return size;
  });
}
