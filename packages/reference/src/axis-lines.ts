import { normalizeAxis, type Shape } from '@octavo/core/tensor';

/** The lines of a tensor along one axis: line `l` has `length` elements, `step` apart. */
export interface AxisLines {
  readonly count: number;
  readonly length: number;
  readonly step: number;
  /** Position of the first element of line `l`. */
  start(line: number): number;
}

/** The lines along `axis`, negative from the end. Throws TensorError `TENSOR_AXIS`. */
export function linesAlong(shape: Shape, axis: number): AxisLines {
  const at = normalizeAxis(axis, shape.length);
  const step = product(shape.slice(at + 1));
  const length = shape[at] ?? 1;
  return {
    count: product(shape.slice(0, at)) * step,
    length,
    step,
    start: (line) => Math.floor(line / step) * step * length + (line % step),
  };
}

/** The lines that all axes from `axis` to the last make together; `axis` may be the rank. */
export function linesFrom(shape: Shape, axis: number): AxisLines {
  const at = axis === shape.length ? axis : normalizeAxis(axis, shape.length);
  const length = product(shape.slice(at));
  return { count: product(shape.slice(0, at)), length, step: 1, start: (line) => line * length };
}

function product(sizes: Shape): number {
  return sizes.reduce((a, b) => a * b, 1);
}
