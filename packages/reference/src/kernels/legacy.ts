import { defineKernel, type Kernel } from '@octavo/backend';
import { Affine, Crop, ImageScaler } from '@octavo/core/ir';
import { float32 } from '@octavo/core/tensor';
import { mapElements, zipElements } from '../arithmetic.js';
import { pickIndices, upTo } from '../indices.js';
import { refuse } from '../integer-operands.js';
import { operand } from '../operand.js';
import { gatherElements } from '../rearrange.js';

export const legacyKernels: readonly Kernel[] = [
  defineKernel(Affine, {
    prepare:
      ({ attributes: { alpha, beta } }) =>
      (inputs) => [mapElements(operand(inputs, 0), { real: (x) => alpha * x + beta })],
  }),
  defineKernel(ImageScaler, {
    prepare:
      ({ attributes: { scale, bias } }) =>
      (inputs) => {
        const data = operand(inputs, 0);
        const channels = data.shape[1] ?? 1;
        const offsets = float32(bias ?? new Float32Array(channels), [channels, 1, 1]);
        return [zipElements(data, offsets, { real: (x, offset) => scale * x + offset })];
      },
  }),
  defineKernel(Crop, {
    prepare:
      ({ attributes: { border, scale } }) =>
      (inputs) => {
        const data = operand(inputs, 0);
        const [batch = 1, channels = 1, rows, columns] = data.shape;
        if (rows === undefined || columns === undefined) refuse('Crop needs images of rank 4.');
        const [left = 0, top = 0, right = 0, bottom = 0] = border;
        const [height, width] = scale ?? [rows - top - bottom, columns - left - right];
        const shape = [batch, channels, height ?? 0, width ?? 0];
        const origin = [0, 0, top, left];
        const lists = shape.map((size, axis) => upTo(size).map((i) => i + (origin[axis] ?? 0)));
        return [gatherElements(data, shape, pickIndices(data.shape, lists))];
      },
  }),
];
