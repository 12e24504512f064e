import { contradiction, knownDim } from './dims.js';
import type { Dim } from './value.js';

/** ONNX's `auto_pad`. */
export type AutoPad = 'NOTSET' | 'SAME_UPPER' | 'SAME_LOWER' | 'VALID';

/**
 * A sliding window over the spatial axes (Conv, pooling). `kernel` has one entry an axis; empty or missing lists
 * mean ones (zeros for pads). `pads` are all begins, then all ends. `ceil` is pooling's `ceil_mode`.
 */
export interface Window {
  readonly kernel: readonly Dim[];
  readonly strides?: readonly number[] | undefined;
  readonly dilations?: readonly number[] | undefined;
  readonly pads?: readonly number[] | undefined;
  readonly autoPad?: AutoPad | undefined;
  readonly ceil?: boolean | undefined;
}

interface Axis {
  readonly extent: Dim;
  readonly stride: number;
  readonly begin: number;
  readonly end: number;
}

function axisOf(window: Window, axis: number): Axis {
  const rank = window.kernel.length;
  const kernel = window.kernel[axis] ?? null;
  const dilation = window.dilations?.[axis] ?? 1;
  const stride = window.strides?.[axis] ?? 1;
  if (knownDim(kernel) && kernel < 1) contradiction(`a window has ${kernel} elements along an axis.`);
  if (stride < 1 || dilation < 1) contradiction(`stride ${stride} and dilation ${dilation} must be >= 1.`);
  return {
    extent: knownDim(kernel) ? (kernel - 1) * dilation + 1 : null,
    stride,
    begin: window.pads?.[axis] ?? 0,
    end: window.pads?.[axis + rank] ?? 0,
  };
}

/** Throws `INFER_TYPES` unless each list is empty or has an entry (pads: two) for every axis. */
function checkLists({ kernel, strides, dilations, pads }: Window): void {
  const rank = kernel.length;
  const check = (name: string, list: readonly number[] | undefined, expected: number) => {
    if (list && list.length > 0 && list.length !== expected) {
      contradiction(`${list.length} ${name} for a window of rank ${rank}.`);
    }
  };
  check('strides', strides, rank);
  check('dilations', dilations, rank);
  check('pads', pads, 2 * rank);
}

function isSame(window: Window): boolean {
  return window.autoPad === 'SAME_UPPER' || window.autoPad === 'SAME_LOWER';
}

/**
 * Output sizes of a sliding window, one for each spatial axis (ONNX operator spec of Conv, MaxPool).
 * Throws `INFER_TYPES` when a window is empty or larger than its padded input, or a list has not one entry an axis.
 */
export function windowDims(spatial: readonly Dim[], window: Window): Dim[] {
  if (spatial.length !== window.kernel.length) {
    contradiction(`a window of rank ${window.kernel.length} moves over ${spatial.length} spatial axes.`);
  }
  checkLists(window);
  return spatial.map((size, axis) => windowDim(size, axisOf(window, axis), window));
}

function windowDim(size: Dim, { extent, stride, begin, end }: Axis, window: Window): Dim {
  if (isSame(window)) return knownDim(size) ? Math.ceil(size / stride) : stride === 1 ? size : null;
  const padding = window.autoPad === 'VALID' ? 0 : begin + end;
  if (!knownDim(extent)) return null;
  if (!knownDim(size)) return stride === 1 && padding === extent - 1 ? size : null;
  const room = size + padding - extent;
  if (room < 0) contradiction(`a window of ${extent} is larger than its padded input of ${size + padding}.`);
  if (!window.ceil) return Math.floor(room / stride) + 1;
  const count = Math.ceil(room / stride) + 1;
  const leading = window.autoPad === 'VALID' ? 0 : begin;
  return (count - 1) * stride >= size + leading ? count - 1 : count;
}

/**
 * The pads that a window uses on a concrete input: all begins, then all ends. SAME_UPPER puts an odd element at the
 * end, SAME_LOWER at the beginning.
 */
export function resolvePads(
  spatial: readonly number[],
  window: Window & { readonly kernel: readonly number[] },
): number[] {
  const begins: number[] = [];
  const ends: number[] = [];
  spatial.forEach((size, index) => {
    const axis = axisOf(window, index);
    if (!isSame(window)) {
      const explicit = window.autoPad !== 'VALID';
      begins.push(explicit ? axis.begin : 0);
      ends.push(explicit ? axis.end : 0);
      return;
    }
    const extent = knownDim(axis.extent) ? axis.extent : 1;
    const total = Math.max(0, (Math.ceil(size / axis.stride) - 1) * axis.stride + extent - size);
    const small = Math.floor(total / 2);
    begins.push(window.autoPad === 'SAME_UPPER' ? small : total - small);
    ends.push(window.autoPad === 'SAME_UPPER' ? total - small : small);
  });
  return [...begins, ...ends];
}

/** What ConvTranspose adds to a window. */
export interface TransposedWindow extends Window {
  readonly outputPadding?: readonly number[] | undefined;
  readonly outputShape?: readonly number[] | undefined;
}

/**
 * Output sizes of ConvTranspose: `stride * (size - 1) + outputPadding + extent - pads`, or `outputShape`.
 * Throws `INFER_TYPES` when the pads remove more than there is, or a list has not one entry an axis.
 */
export function transposedWindowDims(spatial: readonly Dim[], window: TransposedWindow): Dim[] {
  checkLists(window);
  return spatial.map((size, index) => {
    const fixed = window.outputShape?.[index];
    if (fixed !== undefined) return fixed;
    const axis = axisOf(window, index);
    if (isSame(window)) return knownDim(size) ? size * axis.stride : axis.stride === 1 ? size : null;
    if (!knownDim(size) || !knownDim(axis.extent)) return null;
    const padding = window.autoPad === 'VALID' ? 0 : axis.begin + axis.end;
    const extra = window.outputPadding?.[index] ?? 0;
    const result = axis.stride * (size - 1) + extra + axis.extent - padding;
    if (result < 0) contradiction(`pads of ${padding} remove more than the whole output.`);
    return result;
  });
}

/** The pads that a transposed window uses on a concrete input: all begins, then all ends. */
export function resolveTransposedPads(
  spatial: readonly number[],
  window: TransposedWindow & { readonly kernel: readonly number[] },
): number[] {
  const begins: number[] = [];
  const ends: number[] = [];
  spatial.forEach((size, index) => {
    const axis = axisOf(window, index);
    const target = window.outputShape?.[index] ?? (isSame(window) ? size * axis.stride : undefined);
    if (target === undefined) {
      const explicit = window.autoPad !== 'VALID';
      begins.push(explicit ? axis.begin : 0);
      ends.push(explicit ? axis.end : 0);
      return;
    }
    const extent = knownDim(axis.extent) ? axis.extent : 1;
    const extra = window.outputPadding?.[index] ?? 0;
    const total = Math.max(0, axis.stride * (size - 1) + extra + extent - target);
    const small = Math.floor(total / 2);
    begins.push(window.autoPad === 'SAME_UPPER' ? small : total - small);
    ends.push(window.autoPad === 'SAME_UPPER' ? total - small : small);
  });
  return [...begins, ...ends];
}
