import { axisIn, contradiction, type Dims, knownDim } from '../dims.js';
import type { Dim } from '../value.js';

/** Python-like bounds of some axes; `axes` defaults to the first ones, `steps` to 1. */
export interface SliceBounds {
  readonly starts: Dims;
  readonly ends: Dims;
  readonly axes?: readonly number[] | undefined;
  readonly steps?: readonly number[] | undefined;
}

/** One axis of a slice on a concrete size. */
export interface SlicedAxis {
  readonly start: number;
  readonly step: number;
  readonly count: number;
}

/**
 * Clamps one axis of a slice as ONNX Slice does: like Python, but a start before the first element is the first
 * element when stepping backward too. Throws `INFER_TYPES` when the step is 0.
 */
export function sliceAxis(size: number, start: number, end: number, step: number): SlicedAxis {
  if (step === 0) contradiction('a slice has step 0.');
  const [last, beforeFirst] = step > 0 ? [size, 0] : [size - 1, -1];
  const clamp = (bound: number, low: number) =>
    Math.min(Math.max(bound < 0 ? bound + size : bound, low), last);
  const from = clamp(start, 0);
  const count = Math.max(0, Math.ceil((clamp(end, beforeFirst) - from) / step));
  return { start: Math.max(from, 0), step, count };
}

/** The shape of a slice, as far as its bounds are known. */
export function sliceDims(shape: Dims, { starts, ends, axes, steps }: SliceBounds): Dims {
  if (!shape) return undefined;
  const sliced = axes ?? starts?.map((_, index) => index) ?? ends?.map((_, index) => index);
  if (!sliced) return shape.map(() => null);
  const dims: Dim[] = [...shape];
  sliced.forEach((axis, index) => {
    const at = axisIn(axis, shape.length);
    dims[at] = sliceDim(
      shape[at] ?? null,
      starts?.[index] ?? null,
      ends?.[index] ?? null,
      steps?.[index] ?? 1,
    );
  });
  return dims;
}

/** Ends as large as this mean "to the end" whatever the size; exporters write 2^31 - 1, 2^63 - 1 or 10^9. */
const BEYOND_ANY_SIZE = 1e9;

function sliceDim(dim: Dim, start: Dim, end: Dim, step: number): Dim {
  if (step === 1 && start === 0 && dim !== null && end === dim) return dim;
  if (!knownDim(start) || !knownDim(end)) return null;
  if (knownDim(dim)) return sliceAxis(dim, start, end, step).count;
  if (step === 1 && start === 0 && end >= BEYOND_ANY_SIZE) return dim;
  return step === -1 && start === -1 && end <= -BEYOND_ANY_SIZE ? dim : null;
}

/** The shape after padding `axes` (default all); `pads` holds all begins, then all ends. */
export function padDims(shape: Dims, pads: readonly number[], axes?: readonly number[]): Dims {
  if (!shape) return undefined;
  const padded = axes ?? [...shape.keys()];
  if (pads.length !== 2 * padded.length) {
    contradiction(`${pads.length} pads for ${padded.length} axes; there must be two an axis.`);
  }
  const dims: Dim[] = [...shape];
  padded.forEach((axis, index) => {
    const at = axisIn(axis, shape.length);
    const total = (pads[index] ?? 0) + (pads[index + padded.length] ?? 0);
    const dim = shape[at] ?? null;
    if (knownDim(dim) && dim + total < 0) contradiction(`pads of ${total} remove more than axis ${at}.`);
    dims[at] = knownDim(dim) ? dim + total : total === 0 ? dim : null;
  });
  return dims;
}
