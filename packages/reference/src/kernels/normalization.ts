import { defineKernel, type Kernel } from '@octavo/backend';
import {
  BatchNormalization,
  GroupNormalization,
  GroupNormalization18,
  InstanceNormalization,
  LpNormalization,
  LRN,
  MeanVarianceNormalization,
} from '@octavo/core/ir';
import { normalizeAxis, type Tensor } from '@octavo/core/tensor';
import { linesAlong } from '../axis-lines.js';
import { batchMoments, planesOf } from '../channels.js';
import { floats, floatTensor, resultArray } from '../floats.js';
import { moments } from '../moments.js';
import { operand } from '../operand.js';
import { layerNormKernels, normalizeLines } from './layer-norm.js';
import { onLines } from './softmax.js';

const batchNormalization = defineKernel(BatchNormalization, {
  prepare:
    ({ attributes: { epsilon, momentum, training_mode: training, spatial } }) =>
    (inputs) => {
      const x = operand(inputs, 0);
      const [scale, bias] = [floats(operand(inputs, 1)), floats(operand(inputs, 2))];
      const running = { mean: floats(operand(inputs, 3)), variance: floats(operand(inputs, 4)) };
      const planes = planesOf(x.shape, spatial !== 0);
      const values = floats(x);
      const used = training ? batchMoments(values, planes) : running;
      const out = resultArray(x.dtype, values.length);
      for (let i = 0; i < out.length; i++) {
        const c = Math.floor(i / planes.size) % planes.channels;
        const factor = (scale[c] ?? 1) / Math.sqrt((used.variance[c] ?? 0) + epsilon);
        out[i] = ((values[i] ?? 0) - (used.mean[c] ?? 0)) * factor + (bias[c] ?? 0);
      }
      const y = floatTensor(x.dtype, x.shape, out);
      if (!training) return [y];
      const blend = (position: number, old: ArrayLike<number>, fresh: Float64Array): Tensor => {
        const { dtype, shape } = operand(inputs, position);
        return floatTensor(
          dtype,
          shape,
          fresh.map((value, c) => (old[c] ?? 0) * momentum + value * (1 - momentum)),
        );
      };
      const fresh = batchMoments(values, planes);
      return [y, blend(3, running.mean, fresh.mean), blend(4, running.variance, fresh.variance)];
    },
});

const instanceNormalization = defineKernel(InstanceNormalization, {
  prepare:
    ({ attributes: { epsilon } }) =>
    (inputs) => {
      const x = operand(inputs, 0);
      return [normalizeGroups(x, operand(inputs, 1), operand(inputs, 2), x.shape[1] ?? 1, epsilon)];
    },
});

/** Normalizes groups of channels; scale and bias have one entry a channel, or one a group. */
function normalizeGroups(x: Tensor, scale: Tensor, bias: Tensor, groups: number, epsilon: number): Tensor {
  const { batch, channels, size } = planesOf(x.shape, true);
  const length = (channels / groups) * size;
  const { values } = normalizeLines(floats(x), length, epsilon, false);
  const [factors, terms] = [floats(scale), floats(bias)];
  const sharing = channels / factors.length;
  for (let plane = 0; plane < batch * channels; plane++) {
    const own = Math.floor((plane % channels) / sharing);
    const [factor, term] = [factors[own] ?? 1, terms[own] ?? 0];
    for (let i = plane * size; i < (plane + 1) * size; i++) values[i] = (values[i] ?? 0) * factor + term;
  }
  return floatTensor(x.dtype, x.shape, values);
}

function groupNormalization(op: typeof GroupNormalization | typeof GroupNormalization18): Kernel {
  return defineKernel(op, {
    prepare:
      ({ attributes: { num_groups: groups, epsilon } }) =>
      (inputs) => [
        normalizeGroups(operand(inputs, 0), operand(inputs, 1), operand(inputs, 2), groups, epsilon),
      ],
  });
}

const lpNormalization = defineKernel(LpNormalization, {
  prepare: ({ attributes: { axis, p } }) =>
    onLines(
      (shape) => linesAlong(shape, axis),
      (line) => {
        const sum = line.reduce((total, x) => total + Math.abs(x) ** p, 0);
        const norm = sum ** (1 / p);
        for (let i = 0; i < line.length; i++) line[i] = norm === 0 ? 0 : (line[i] ?? 0) / norm;
      },
    ),
});

const meanVarianceNormalization = defineKernel(MeanVarianceNormalization, {
  prepare:
    ({ attributes: { axes } }) =>
    (inputs) => {
      const x = operand(inputs, 0);
      const reduced = new Set(axes.map((axis) => normalizeAxis(axis, x.shape.length)));
      const values = floats(x);
      const groups = new Map<number, number[]>();
      values.forEach((_, i) => {
        const key = keptIndex(i, x.shape, reduced);
        const group = groups.get(key);
        if (group) group.push(i);
        else groups.set(key, [i]);
      });
      const out = resultArray(x.dtype, values.length);
      for (const indices of groups.values()) {
        const line = Float64Array.from(indices, (i) => values[i] ?? 0);
        const { mean, variance } = moments(line, 0, line.length);
        for (const i of indices) out[i] = ((values[i] ?? 0) - mean) / (Math.sqrt(variance) + 1e-9);
      }
      return [floatTensor(x.dtype, x.shape, out)];
    },
});

/** The flat index of an element when the coordinates along the reduced axes are 0. */
function keptIndex(index: number, shape: readonly number[], reduced: ReadonlySet<number>): number {
  let [rest, stride, kept] = [index, 1, 0];
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    const size = shape[axis] ?? 1;
    if (!reduced.has(axis)) kept += (rest % size) * stride;
    rest = Math.floor(rest / size);
    stride *= size;
  }
  return kept;
}

const lrn = defineKernel(LRN, {
  prepare: ({ attributes: { alpha, beta, bias, size } }) => {
    const [before, after] = [Math.floor((size - 1) / 2), Math.ceil((size - 1) / 2)];
    return onLines(
      (shape) => linesAlong(shape, 1),
      (line) => {
        const x = line.slice();
        for (let c = 0; c < x.length; c++) {
          let squares = 0;
          for (let n = Math.max(0, c - before); n <= Math.min(x.length - 1, c + after); n++) {
            squares += (x[n] ?? 0) ** 2;
          }
          line[c] = (x[c] ?? 0) / (bias + (alpha / size) * squares) ** beta;
        }
      },
    );
  },
});

export const normalizationKernels: readonly Kernel[] = [
  batchNormalization,
  instanceNormalization,
  groupNormalization(GroupNormalization),
  groupNormalization(GroupNormalization18),
  lpNormalization,
  meanVarianceNormalization,
  lrn,
  ...layerNormKernels,
];
