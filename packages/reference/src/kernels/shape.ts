import { defineKernel, type Kernel, type KernelFunction, SUPPORTED, unsupported } from '@octavo/backend';
import {
  Dropout,
  Dropout7,
  Expand,
  Flatten,
  Identity,
  Reshape,
  reshapeDims,
  Shape,
  Size,
  Squeeze,
  Squeeze1,
  storedConstant,
  Transpose,
  Unsqueeze,
  Unsqueeze1,
} from '@octavo/core/ir';
import { broadcastShapes, elementCount, int64, normalizeAxis, Tensor } from '@octavo/core/tensor';
import { broadcastIndices } from '../indices.js';
import { integers, refuse, scalar } from '../integer-operands.js';
import { operand } from '../operand.js';
import { filled, gatherElements } from '../rearrange.js';
import { transpose } from '../transpose.js';

function squeeze(data: Tensor, axes: readonly number[] | undefined): Tensor {
  const rank = data.shape.length;
  const removed = axes?.map((axis) => normalizeAxis(axis, rank));
  for (const axis of removed ?? []) {
    if (data.shape[axis] !== 1) refuse(`axis ${axis} of size ${data.shape[axis]} cannot be squeezed.`);
  }
  return data.reshape(data.shape.filter((size, axis) => (removed ? !removed.includes(axis) : size !== 1)));
}

function unsqueeze(data: Tensor, axes: readonly number[]): Tensor {
  const rank = data.shape.length + axes.length;
  const added = new Set(axes.map((axis) => normalizeAxis(axis, rank)));
  if (added.size !== axes.length) refuse(`an axis is named twice: [${axes.join(', ')}].`);
  const sizes = data.shape.values();
  return data.reshape(
    Array.from({ length: rank }, (_, axis) => (added.has(axis) ? 1 : (sizes.next().value ?? 1))),
  );
}

function reshape(data: Tensor, target: readonly number[], allowZero: boolean): Tensor {
  const dims = reshapeDims(data.shape, target, allowZero);
  return data.reshape(
    dims.map((dim) => (typeof dim === 'number' ? dim : refuse('the new shape is not determined.'))),
  );
}

/** Training drops elements at random, which an inference backend does not do; ratio 0 drops none. */
const dropout: KernelFunction = (inputs) => {
  const data = operand(inputs, 0);
  const training = inputs[2] ? scalar(inputs[2]) !== 0 : false;
  const ratio = inputs[1] ? scalar(inputs[1]) : 0.5;
  if (training && ratio !== 0) refuse('Dropout in training mode is not supported.');
  return [data, new Tensor('bool', data.shape, new Uint8Array(data.size).fill(1))];
};

export const shapeKernels: readonly Kernel[] = [
  defineKernel(Shape, {
    prepare:
      ({ attributes: { start, end } }) =>
      (inputs) => [int64(operand(inputs, 0).shape.slice(start, end))],
  }),
  defineKernel(Size, { prepare: () => (inputs) => [int64([operand(inputs, 0).size], [])] }),
  defineKernel(Reshape, {
    prepare:
      ({ attributes: { allowzero } }) =>
      (inputs) => [reshape(operand(inputs, 0), integers(operand(inputs, 1)), allowzero !== 0)],
  }),
  defineKernel(Flatten, {
    prepare:
      ({ attributes: { axis } }) =>
      (inputs) => {
        const data = operand(inputs, 0);
        const split = axis < 0 ? axis + data.shape.length : axis;
        const [rows, columns] = [data.shape.slice(0, split), data.shape.slice(split)];
        return [data.reshape([elementCount(rows), elementCount(columns)])];
      },
  }),
  defineKernel(Transpose, {
    prepare:
      ({ attributes: { perm } }) =>
      (inputs) => [transpose(operand(inputs, 0), perm)],
  }),
  defineKernel(Squeeze1, {
    prepare:
      ({ attributes: { axes } }) =>
      (inputs) => [squeeze(operand(inputs, 0), axes)],
  }),
  defineKernel(Squeeze, { prepare: () => (inputs) => [squeeze(operand(inputs, 0), integers(inputs[1]))] }),
  defineKernel(Unsqueeze1, {
    prepare:
      ({ attributes: { axes } }) =>
      (inputs) => [unsqueeze(operand(inputs, 0), axes)],
  }),
  defineKernel(Unsqueeze, {
    prepare: () => (inputs) => [unsqueeze(operand(inputs, 0), integers(operand(inputs, 1)))],
  }),
  defineKernel(Expand, {
    prepare: () => (inputs) => {
      const data = operand(inputs, 0);
      const shape = broadcastShapes(data.shape, integers(operand(inputs, 1)));
      if (data.size === 1) return [filled(data, shape)];
      return [gatherElements(data, shape, broadcastIndices(data.shape, shape))];
    },
  }),
  defineKernel(Identity, { prepare: () => (inputs) => [operand(inputs, 0)] }),
  defineKernel(Dropout7, { prepare: () => (inputs) => dropout([operand(inputs, 0)], []) }),
  defineKernel(Dropout, {
    supports: (node) => {
      const training = storedConstant(node.inputs[2])?.peek();
      return training && scalar(training) !== 0 ? unsupported('Dropout in training mode') : SUPPORTED;
    },
    prepare: () => dropout,
  }),
];
