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
  return inMemoryOrder([...new Array(rank).keys()], layout);
}

/** What there is one of for each of ONNX's axes, such as sizes, in the order of memory, outermost first. */
export function inMemoryOrder<T>(byAxis: readonly T[], layout: Layout): readonly T[] {
  if (layout === 'nchw' || byAxis.length < 3) return byAxis;
  return byAxis.slice(0, 1).concat(byAxis.slice(2), byAxis.slice(1, 2));
}

/** Distance in elements between neighbours along each axis, by ONNX's axes. */
export function layoutStrides(shape: Shape, layout: Layout): readonly number[] {
  const stored = stridesOf(inMemoryOrder(shape, layout));
  if (layout === 'nchw' || shape.length < 3) return stored;
  return stored.slice(0, 1).concat(1, stored.slice(1, -1));
}
