import { defineKernel, type Kernel, type KernelFunction } from '@octavo/backend';
import { RoiAlign, RoiAlign10 } from '@octavo/core/ir';
import { KernelError, toNumbers } from '@octavo/core/tensor';
import { type FloatArray, floats, floatTensor, resultArray } from '../floats.js';
import type { Tap } from '../grid-taps.js';
import { operand } from '../operand.js';

interface RoiOptions {
  readonly mode: 'avg' | 'max';
  readonly output_height: number;
  readonly output_width: number;
  readonly sampling_ratio: number;
  readonly spatial_scale: number;
}

/** The two elements of an axis that a coordinate lies between; none when it is more than a pixel outside. */
function axisTaps(coordinate: number, size: number): Tap[] {
  if (coordinate < -1 || coordinate > size) return [];
  const at = Math.min(Math.max(coordinate, 0), size - 1);
  const low = Math.floor(at);
  return [
    { index: low, weight: 1 - (at - low) },
    { index: Math.min(low + 1, size - 1), weight: at - low },
  ];
}

/** The most samples of a region along an axis: an attribute, or one number of a region, may ask for any. */
const MOST_SAMPLES = 2 ** 16;

/**
 * The sample coordinates of each output cell along one axis of a region.
 * @throws KernelError `KERNEL_SIZE` over 2^16 of them.
 */
function sampleCoordinates(start: number, length: number, cells: number, ratio: number): number[][] {
  const samples = ratio > 0 ? ratio : Math.ceil(length / cells);
  if (samples * cells > MOST_SAMPLES) {
    const message = `a region would be sampled at ${samples * cells} places along an axis, more than ${MOST_SAMPLES}.`;
    throw new KernelError({ code: 'KERNEL_SIZE', message });
  }
  return Array.from({ length: cells }, (_, cell) =>
    Array.from({ length: samples }, (_, i) => start + ((cell + (i + 0.5) / samples) * length) / cells),
  );
}

/** Mean of bilinear samples; `max` takes the largest weighted corner, as onnxruntime and ONNX's tests do. */
function poolSamples(
  plane: FloatArray,
  width: number,
  rows: readonly Tap[][],
  columns: readonly Tap[][],
  max: boolean,
): number {
  let [sum, best] = [0, Number.NEGATIVE_INFINITY];
  for (const row of rows) {
    for (const column of columns) {
      const parts = row.flatMap((y) =>
        column.map((x) => y.weight * x.weight * (plane[y.index * width + x.index] ?? 0)),
      );
      sum += parts.reduce((a, b) => a + b, 0);
      best = Math.max(best, parts.length > 0 ? Math.max(...parts) : 0);
    }
  }
  const count = rows.length * columns.length;
  if (count === 0) return 0;
  return max ? best : sum / count;
}

function alignRegions(options: RoiOptions, halfPixel: boolean): KernelFunction {
  return (inputs) => {
    const [x, rois] = [operand(inputs, 0), operand(inputs, 1)];
    const [, channels = 1, height = 1, width = 1] = x.shape;
    const { output_height: outHeight, output_width: outWidth, spatial_scale: scale } = options;
    const [values, corners, samples] = [floats(x), floats(rois), toNumbers(operand(inputs, 2))];
    const regions = rois.shape[0] ?? 0;
    const out = resultArray(x.dtype, regions * channels * outHeight * outWidth);
    let at = 0;
    for (let region = 0; region < regions; region++) {
      const [left = 0, top = 0, right = 0, bottom = 0] = Array.from(
        corners.subarray(4 * region, 4 * region + 4),
        (corner) => corner * scale - (halfPixel ? 0.5 : 0),
      );
      const extent = (length: number) => (halfPixel ? length : Math.max(length, 1));
      const ratio = options.sampling_ratio;
      const rows = sampleCoordinates(top, extent(bottom - top), outHeight, ratio).map((list) =>
        list.map((y) => axisTaps(y, height)),
      );
      const columns = sampleCoordinates(left, extent(right - left), outWidth, ratio).map((list) =>
        list.map((each) => axisTaps(each, width)),
      );
      for (let c = 0; c < channels; c++) {
        const start = ((samples[region] ?? 0) * channels + c) * height * width;
        const plane = values.subarray(start, start + height * width);
        for (const row of rows) {
          for (const column of columns)
            out[at++] = poolSamples(plane, width, row, column, options.mode === 'max');
        }
      }
    }
    return [floatTensor(x.dtype, [regions, channels, outHeight, outWidth], out)];
  };
}

export const roiAlignKernels: readonly Kernel[] = [
  defineKernel(RoiAlign, {
    prepare: ({ attributes }) =>
      alignRegions(attributes, attributes.coordinate_transformation_mode === 'half_pixel'),
  }),
  defineKernel(RoiAlign10, { prepare: ({ attributes }) => alignRegions(attributes, false) }),
];
