import { type PoolAttributes, poolWindow, resolvePads } from '@octavo/core/ir';
import type { Shape } from '@octavo/core/tensor';

/** Windows over the spatial axes of `[N, C, W]` or `[N, C, H, W]`. */
export interface PoolWindow {
  readonly kernel: readonly number[];
  readonly strides: readonly number[] | undefined;
  readonly dilations: readonly number[] | undefined;
  /** The begins of all axes, then their ends. */
  readonly pads: readonly number[];
  /** Whether averages count the padding. */
  readonly countPadding: boolean;
}

/** The windows of a pooling node over an input of `shape`. */
export function slidingWindow(
  shape: Shape,
  attributes: PoolAttributes & { readonly count_include_pad?: number },
): PoolWindow {
  return {
    kernel: attributes.kernel_shape,
    strides: attributes.strides,
    dilations: attributes.dilations,
    pads: resolvePads(shape.slice(2), poolWindow(attributes)),
    countPadding: attributes.count_include_pad !== undefined && attributes.count_include_pad !== 0,
  };
}

/** One window over everything. */
export function globalWindow(shape: Shape): PoolWindow {
  const kernel = shape.slice(2);
  const pads = [...kernel, ...kernel].map(() => 0);
  return { kernel, strides: undefined, dilations: undefined, pads, countPadding: false };
}

/** As `native/src/program/ops/pool.cc` has it. */
const MOST_TAPS = 2 ** 23;

/** Why no kernel pools values of shape `from` to those of shape `to`, or undefined when one does. */
export function declineWindows(from: Shape, to: Shape, window: PoolWindow): string | undefined {
  const { pads, kernel, countPadding } = window;
  const spatial = from.length - 2;
  if (spatial !== 1 && spatial !== 2) return `no kernel for windows of ${spatial} axes`;
  if (kernel.some((size) => size < 1)) return 'its windows are empty';
  if (kernel.reduce((taps, size) => taps * size, 1) > MOST_TAPS) return 'its windows are too large';
  if (pads.some((pad) => pad < 0)) return 'its padding is negative';
  return countPadding && reachBeyond(from, to, window) ? 'its windows reach beyond the padding' : undefined;
}

/** Whether a last window, rounded up, covers more than the padding: averages do not count that part. */
function reachBeyond(from: Shape, to: Shape, { kernel, strides, dilations, pads }: PoolWindow): boolean {
  return kernel.some((size, axis) => {
    const last = ((to[axis + 2] ?? 1) - 1) * (strides?.[axis] ?? 1);
    const end = last + (size - 1) * (dilations?.[axis] ?? 1) + 1;
    return end > (from[axis + 2] ?? 0) + (pads[axis] ?? 0) + (pads[axis + kernel.length] ?? 0);
  });
}

/** Batch, channels, sizes and windows as the pool op takes them; one spatial axis is a second one of size 1. */
export function poolWords(from: Shape, to: Shape, window: PoolWindow): readonly number[] {
  const [batch = 1, channels = 1, ...spatial] = from;
  const isPlane = spatial.length === 2;
  const plane = (list: readonly number[] | undefined): readonly number[] => {
    const [first = 1, second = 1] = list ?? [];
    return isPlane ? [first, second] : [1, first];
  };
  const [begin = 0, end = 0] = window.pads;
  return [
    batch,
    channels,
    ...plane(spatial),
    ...plane(to.slice(2)),
    ...plane(window.kernel),
    ...plane(window.strides),
    ...plane(window.dilations),
    ...(isPlane ? window.pads : [0, begin, 0, end]),
    window.countPadding ? 1 : 0,
  ];
}
