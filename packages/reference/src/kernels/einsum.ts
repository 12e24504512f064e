import { defineKernel, type Kernel } from '@octavo/backend';
import { Einsum, parseEinsum } from '@octavo/core/ir';
import {
  elementCount,
  isBigInt,
  isFloat,
  type Shape,
  stridesOf,
  type Tensor,
  toNumbers,
} from '@octavo/core/tensor';
import { bigIntArray, fromBigInts, toBigInts } from '../arithmetic.js';
import { floatTensor, resultArray } from '../floats.js';
import { stridedIndices } from '../indices.js';
import { refuse } from '../integer-operands.js';
import { operand } from '../operand.js';

/** The size of each label; 1 broadcasts. */
function labelSizes(inputs: readonly (readonly string[])[], shapes: readonly Shape[]): Map<string, number> {
  const sizes = new Map<string, number>();
  inputs.forEach((labels, i) => {
    labels.forEach((label, axis) => {
      const size = shapes[i]?.[axis] ?? 1;
      const seen = sizes.get(label) ?? 1;
      if (seen !== 1 && size !== 1 && seen !== size) refuse(`label ${label} is both ${seen} and ${size}.`);
      sizes.set(label, seen === 1 ? size : seen);
    });
  });
  return sizes;
}

/** How far one step of each label moves in a tensor. */
function labelStrides(own: readonly string[], shape: Shape, order: readonly string[]): number[] {
  const strides = stridesOf(shape);
  return order.map((label) =>
    own.reduce(
      (sum, each, axis) => sum + (each === label && shape[axis] !== 1 ? (strides[axis] ?? 0) : 0),
      0,
    ),
  );
}

/** Sums the product of all operands over the labels that the output lacks, label by label as the equation reads. */
function einsum(equation: string, tensors: readonly Tensor[]): Tensor {
  const shapes = tensors.map((tensor) => tensor.shape);
  const { inputs, output } = parseEinsum(
    equation,
    shapes.map((shape) => shape.length),
  );
  const sizes = labelSizes(inputs, shapes);
  const summed = [...sizes.keys()].filter((label) => !output.includes(label));
  const order = [...output, ...summed];
  const space = order.map((label) => sizes.get(label) ?? 1);
  const places = inputs.map((labels, i) =>
    stridedIndices(space, labelStrides(labels, shapes[i] ?? [], order)),
  );
  const shape = space.slice(0, output.length);
  const length = elementCount(space.slice(output.length));
  const dtype = tensors[0]?.dtype ?? 'float32';
  // Products of 32 bits have more digits than a double.
  if (!isFloat(dtype)) {
    const values = tensors.map(toBigInts);
    const sums = bigIntArray(isBigInt(dtype) ? dtype : 'int64', elementCount(shape));
    for (let i = 0; i < sums.length * length; i++) {
      const product = values.reduce((p, each, t) => p * (each[places[t]?.[i] ?? 0] ?? 0n), 1n);
      const at = Math.floor(i / length);
      sums[at] = (sums[at] ?? 0n) + product;
    }
    if (isBigInt(dtype)) return fromBigInts(dtype, shape, sums);
    const results = resultArray(dtype, sums.length);
    for (let i = 0; i < sums.length; i++) results[i] = Number(BigInt.asIntN(32, sums[i] ?? 0n));
    return floatTensor(dtype, shape, results);
  }
  const values = tensors.map(toNumbers);
  const results = resultArray(dtype, elementCount(shape));
  for (let row = 0; row < results.length; row++) {
    let sum = 0;
    for (let i = row * length; i < (row + 1) * length; i++) {
      let product = 1;
      for (let t = 0; t < values.length; t++) product *= values[t]?.[places[t]?.[i] ?? 0] ?? 0;
      sum += product;
    }
    results[row] = sum;
  }
  return floatTensor(dtype, shape, results);
}

export const einsumKernels: readonly Kernel[] = [
  defineKernel(Einsum, {
    prepare:
      ({ attributes: { equation } }) =>
      (inputs) => [
        einsum(
          equation,
          inputs.map((_, i) => operand(inputs, i)),
        ),
      ],
  }),
];
