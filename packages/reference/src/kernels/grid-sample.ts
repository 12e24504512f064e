import { defineKernel, type Kernel, type KernelFunction } from '@octavo/backend';
import { AffineGrid, GridSample, GridSample16 } from '@octavo/core/ir';
import { stridesOf } from '@octavo/core/tensor';
import { floats, floatTensor, resultArray } from '../floats.js';
import { type GridPadding, type Interpolation, pixelCoordinate, type Tap, tapsAt } from '../grid-taps.js';
import { integers } from '../integer-operands.js';
import { operand } from '../operand.js';

/** The elements of a plane that a sample mixes: all combinations of the taps of its axes; zeros outside left out. */
function combineTaps(taps: readonly (readonly Tap[])[], strides: readonly number[]): Tap[] {
  let combined: Tap[] = [{ index: 0, weight: 1 }];
  taps.forEach((list, axis) => {
    const inside = list.filter(({ index }) => index >= 0);
    combined = combined.flatMap((base) =>
      inside.map(({ index, weight }) => ({
        index: base.index + index * (strides[axis] ?? 1),
        weight: base.weight * weight,
      })),
    );
  });
  return combined;
}

function sampleWith(
  interpolation: Interpolation,
  padding: GridPadding,
  alignCorners: boolean,
): KernelFunction {
  return (inputs) => {
    const [x, grid] = [operand(inputs, 0), operand(inputs, 1)];
    const [batch = 1, channels = 1, ...spatial] = x.shape;
    const target = grid.shape.slice(1, -1);
    const [plane, count] = [spatial.reduce((a, b) => a * b, 1), target.reduce((a, b) => a * b, 1)];
    const [values, places] = [floats(x), floats(grid)];
    const strides = stridesOf(spatial);
    const out = resultArray(x.dtype, batch * channels * count);
    for (let at = 0; at < batch * count; at++) {
      const taps = spatial.map((size, axis) => {
        const place = places[(at + 1) * spatial.length - 1 - axis] ?? 0;
        return tapsAt(pixelCoordinate(place, size, alignCorners), size, interpolation, padding, alignCorners);
      });
      const mixed = combineTaps(taps, strides);
      const first = Math.floor(at / count) * channels;
      for (let c = first; c < first + channels; c++) {
        let sum = 0;
        for (const { index, weight } of mixed) sum += weight * (values[c * plane + index] ?? 0);
        out[c * count + (at % count)] = sum;
      }
    }
    return [floatTensor(x.dtype, [batch, channels, ...target], out)];
  };
}

const gridSample = defineKernel(GridSample, {
  prepare: ({ attributes: { mode, padding_mode: padding, align_corners: align } }) =>
    sampleWith(mode, padding, align !== 0),
});

const OLDER_NAMES = { bilinear: 'linear', nearest: 'nearest', bicubic: 'cubic' } as const;

const gridSample16 = defineKernel(GridSample16, {
  prepare: ({ attributes: { mode, padding_mode: padding, align_corners: align } }) =>
    sampleWith(OLDER_NAMES[mode], padding, align !== 0),
});

/** Centre of element `i` of `size` between -1 and 1; aligned corners lie at -1 and 1. */
function gridCoordinate(i: number, size: number, alignCorners: boolean): number {
  if (!alignCorners) return (2 * i + 1) / size - 1;
  return size === 1 ? 0 : (2 * i) / (size - 1) - 1;
}

const affineGrid = defineKernel(AffineGrid, {
  prepare:
    ({ attributes: { align_corners: align } }) =>
    (inputs) => {
      const theta = operand(inputs, 0);
      const [batch = 1, , ...spatial] = integers(operand(inputs, 1));
      const rank = spatial.length;
      const map = floats(theta);
      const strides = stridesOf(spatial);
      const count = spatial.reduce((a, b) => a * b, 1);
      const out = resultArray(theta.dtype, batch * count * rank);
      for (let at = 0; at < batch * count; at++) {
        const place = spatial
          .map((size, axis) => {
            const i = Math.floor((at % count) / (strides[axis] ?? 1)) % size;
            return gridCoordinate(i, size, align !== 0);
          })
          .reverse();
        for (let row = 0; row < rank; row++) {
          const start = (Math.floor(at / count) * rank + row) * (rank + 1);
          const moved = place.reduce((sum, value, i) => sum + value * (map[start + i] ?? 0), 0);
          out[at * rank + row] = moved + (map[start + rank] ?? 0);
        }
      }
      return [floatTensor(theta.dtype, [batch, ...spatial, rank], out)];
    },
});

export const gridSampleKernels: readonly Kernel[] = [gridSample, gridSample16, affineGrid];
