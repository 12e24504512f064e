import { type Shape, stridesOf } from '@octavo/core/tensor';

/**
 * The order of a value's elements in memory: `nchw` is row-major as ONNX says, `nhwc` has axis 1, the channels,
 * innermost. Values of rank 3 (`[N, C, W]`) and more have both; all others are `nchw`.
 */
export type Layout = 'nchw' | 'nhwc';

/** Whether the bytes of a value are the same in both layouts. */
export function isLayoutFree(shape: Shape): boolean {
  const [, channels = 1, ...spatial] = shape;
  return channels === 1 || spatial.every((size) => size === 1);
}

/** The axes of a shape in the order of memory, outermost first. */
export function axisOrder(rank: number, layout: Layout): readonly number[] {
  const axes = Array.from({ length: rank }, (_, axis) => axis);
  if (layout === 'nchw' || rank < 3) return axes;
  return [0, ...axes.slice(2), 1];
}

/** Distance in elements between neighbours along each axis, by ONNX's axes. */
export function layoutStrides(shape: Shape, layout: Layout): readonly number[] {
  const order = axisOrder(shape.length, layout);
  const stored = stridesOf(order.map((axis) => shape[axis] ?? 1));
  const strides = new Array<number>(shape.length).fill(1);
  order.forEach((axis, position) => {
    strides[axis] = stored[position] ?? 1;
  });
  return strides;
}
