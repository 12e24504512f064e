import { type PoolAttributes, poolWindow, resolvePads, windowDims } from '@octavo/core/ir';
import { type Shape, TensorError } from '@octavo/core/tensor';
import { type Extent, toExtent, volume } from './convolution.js';

/** Pooling over up to three spatial axes, as over exactly three. */
export interface Pooling {
  readonly shape: Shape;
  /** Number of planes: samples times channels. */
  readonly planes: number;
  readonly input: Extent;
  readonly output: Extent;
  readonly kernel: Extent;
  readonly strides: Extent;
  readonly dilations: Extent;
  readonly begins: Extent;
  readonly ends: Extent;
}

/** Throws TensorError `TENSOR_SHAPE` unless x is `[N, C, spatial...]` with one to three spatial axes. */
export function planPooling(x: Shape, attributes: PoolAttributes): Pooling {
  const [batch = 1, channels = 1, ...spatial] = x;
  if (x.length < 3 || x.length > 5 || attributes.kernel_shape.length !== spatial.length) {
    throw new TensorError({
      code: 'TENSOR_SHAPE',
      message: `a window of ${attributes.kernel_shape.length} axes does not pool [${x.join(', ')}].`,
      remedy: 'Pooling takes [N, C, spatial...] with one to three spatial axes.',
    });
  }
  const window = poolWindow(attributes);
  const output = windowDims(spatial, window).map(Number);
  const pads = resolvePads(spatial, window);
  return {
    shape: [batch, channels, ...output],
    planes: batch * channels,
    input: toExtent(spatial, 1),
    output: toExtent(output, 1),
    kernel: toExtent(attributes.kernel_shape, 1),
    strides: toExtent(attributes.strides ?? [], 1),
    dilations: toExtent(attributes.dilations ?? [], 1),
    begins: toExtent(pads.slice(0, spatial.length), 0),
    ends: toExtent(pads.slice(spatial.length), 0),
  };
}

/** What one window covers. */
export interface WindowView {
  /** Positions of the elements inside the plane; only the first `count` are valid. */
  readonly positions: Int32Array;
  readonly count: number;
  /** Number of window elements that lie inside the plane or its padding. */
  readonly padded: number;
}

/** Calls `visit` for each output position of a plane in order; the view is reused. */
export function forEachWindow(pooling: Pooling, visit: (view: WindowView, output: number) => void): void {
  const { input, output, kernel } = pooling;
  // A window covers no more than the plane, however large it is.
  const covered = kernel.map((length, axis) => Math.min(length, input[axis] ?? 0));
  const positions = new Int32Array(volume(toExtent(covered, 1)));
  let at = 0;
  for (let z = 0; z < output[0]; z++) {
    const depth = reach(pooling, 0, z);
    for (let y = 0; y < output[1]; y++) {
      const height = reach(pooling, 1, y);
      for (let x = 0; x < output[2]; x++) {
        const width = reach(pooling, 2, x);
        let count = 0;
        for (const iz of depth.inside) {
          for (const iy of height.inside) {
            const row = (iz * input[1] + iy) * input[2];
            for (const ix of width.inside) positions[count++] = row + ix;
          }
        }
        visit({ positions, count, padded: depth.padded * height.padded * width.padded }, at++);
      }
    }
  }
}

/** The input coordinates that a window meets along one axis. */
function reach(
  { kernel, strides, dilations, begins, ends, input }: Pooling,
  axis: 0 | 1 | 2,
  output: number,
) {
  const [size, step] = [input[axis], dilations[axis]];
  const start = output * strides[axis] - begins[axis];
  /** Elements of the window before a coordinate. */
  const before = (at: number) => Math.max(0, Math.min(kernel[axis], Math.ceil((at - start) / step)));
  const [first, end] = [before(0), before(size)];
  const inside = Array.from({ length: end - first }, (_, i) => start + (first + i) * step);
  return { inside, padded: before(size + ends[axis]) };
}
