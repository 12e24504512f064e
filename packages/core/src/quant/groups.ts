import { normalizeAxis, QuantizationError, type Shape } from '../tensor/index.js';
import type { Granularity, QuantizedType } from './quantized-type.js';

/**
 * A stretch of `count` consecutive elements from `start`, row-major: element `start + i` belongs to the group
 * (one scale and zero point) `group + i * step`, where `step` is 0 or 1.
 */
export interface GroupRun {
  readonly start: number;
  readonly count: number;
  readonly group: number;
  readonly step: 0 | 1;
}

/** How a shape falls apart around one axis. */
interface AxisSplit {
  readonly outer: number;
  readonly length: number;
  readonly inner: number;
}

function splitAt(shape: Shape, axis: number): AxisSplit {
  const at = normalizeAxis(axis, shape.length);
  const product = (sizes: Shape) => sizes.reduce((a, b) => a * b, 1);
  return { outer: product(shape.slice(0, at)), length: shape[at] ?? 1, inner: product(shape.slice(at + 1)) };
}

/**
 * Number of scales that a tensor of `shape` has.
 * @throws TensorError `TENSOR_AXIS`, QuantizationError `QUANT_BLOCK_SIZE` when the granularity does not fit.
 */
export function groupCount(shape: Shape, granularity: Granularity): number {
  if (granularity.kind === 'per-tensor') return 1;
  const { outer, length, inner } = splitAt(shape, granularity.axis);
  if (granularity.kind === 'per-axis') return length;
  checkBlockSize(granularity.blockSize);
  return outer * Math.ceil(length / granularity.blockSize) * inner;
}

/** The shape of a tensor's scales in ONNX form: [], [C], or `shape` with `axis` divided into blocks. Throws as {@link groupCount}. */
export function scaleShape(shape: Shape, granularity: Granularity): number[] {
  if (granularity.kind === 'per-tensor') return [];
  if (granularity.kind === 'per-axis') return [groupCount(shape, granularity)];
  const at = normalizeAxis(granularity.axis, shape.length);
  const blockSize = checkBlockSize(granularity.blockSize);
  return shape.map((size, axis) => (axis === at ? Math.ceil(size / blockSize) : size));
}

/** Calls `visit` for runs that together cover every element of `shape` once, in order. Throws as {@link groupCount}. */
export function forEachGroupRun(
  shape: Shape,
  granularity: Granularity,
  visit: (run: GroupRun) => void,
): void {
  if (granularity.kind === 'per-tensor') {
    visit({ start: 0, count: shape.reduce((a, b) => a * b, 1), group: 0, step: 0 });
    return;
  }
  const split = splitAt(shape, granularity.axis);
  if (granularity.kind === 'per-axis') forEachAxisRun(split, visit);
  else forEachBlockRun(split, checkBlockSize(granularity.blockSize), visit);
}

function forEachAxisRun({ outer, length, inner }: AxisSplit, visit: (run: GroupRun) => void): void {
  for (let o = 0; o < outer; o++) {
    if (inner === 1) {
      visit({ start: o * length, count: length, group: 0, step: 1 });
      continue;
    }
    for (let i = 0; i < length; i++) {
      visit({ start: (o * length + i) * inner, count: inner, group: i, step: 0 });
    }
  }
}

function forEachBlockRun(
  { outer, length, inner }: AxisSplit,
  blockSize: number,
  visit: (run: GroupRun) => void,
): void {
  const blocks = Math.ceil(length / blockSize);
  for (let o = 0; o < outer; o++) {
    for (let block = 0; block < blocks; block++) {
      const first = block * blockSize;
      const last = Math.min(first + blockSize, length);
      const group = (o * blocks + block) * inner;
      if (inner === 1) {
        visit({ start: o * length + first, count: last - first, group, step: 0 });
        continue;
      }
      for (let i = first; i < last; i++) {
        visit({ start: (o * length + i) * inner, count: inner, group, step: 1 });
      }
    }
  }
}

function checkBlockSize(blockSize: number): number {
  if (Number.isSafeInteger(blockSize) && blockSize > 0) return blockSize;
  throw new QuantizationError({
    code: 'QUANT_BLOCK_SIZE',
    message: `a block has ${blockSize} elements; block sizes are integers > 0.`,
  });
}

/**
 * Checks that a quantized type fits a shape and that its scales are numbers (0 and negative ones occur in real files).
 * @throws QuantizationError `QUANT_PARAMS_LENGTH`, `QUANT_SCALE`, `QUANT_BLOCK_SIZE`;
 * TensorError `TENSOR_AXIS`.
 */
export function checkQuantizedType(type: QuantizedType, shape: Shape): void {
  const groups = groupCount(shape, type.granularity);
  if (type.scales.length !== groups || type.zeroPoints.length !== groups) {
    throw new QuantizationError({
      code: 'QUANT_PARAMS_LENGTH',
      message:
        `a tensor of shape [${shape.join(', ')}] quantized ${type.granularity.kind} has ${groups} scales and ` +
        `zero points, found ${type.scales.length} and ${type.zeroPoints.length}.`,
      remedy: 'Give one scale and one zero point for each group of elements, or for the whole tensor.',
    });
  }
  checkScales(type.scales);
}

/**
 * Checks that scales are numbers.
 * @param where The node and the tensor that holds them.
 * @throws QuantizationError `QUANT_SCALE`.
 */
export function checkScales(scales: ArrayLike<number>, where?: string): void {
  for (let i = 0; i < scales.length; i++) {
    if (Number.isFinite(scales[i])) continue;
    throw new QuantizationError({
      code: 'QUANT_SCALE',
      where,
      message: `scale ${i} is ${scales[i]}; scales are finite.`,
      remedy: 'Quantize the model again; what the scales were computed from probably held NaN or infinity.',
    });
  }
}
