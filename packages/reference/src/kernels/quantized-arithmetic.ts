import {
  defineKernel,
  type Kernel,
  type KernelFunction,
  type NodePreparation,
  SUPPORTED,
  unsupported,
} from '@octavo/backend';
import { Add, Mul, type Node } from '@octavo/core/ir';
import {
  qlinearAdd,
  qlinearAddConstants,
  qlinearMul,
  qlinearMulConstants,
  type StorageDType,
  storeIntegers,
} from '@octavo/core/quant';
import {
  broadcastShapes,
  KernelError,
  type NumberArray,
  type Shape,
  sameShape,
  type Tensor,
  toNumbers,
} from '@octavo/core/tensor';
import { broadcastIndices } from '../indices.js';
import type { IntegerResult } from '../integer-product.js';
import { operand } from '../operand.js';
import { resultOf } from './quantized-product.js';

/** The integers of a tensor broadcast to a shape. */
function broadcastIntegers(tensor: Tensor, shape: Shape): NumberArray {
  const values = toNumbers(tensor);
  if (sameShape(tensor.shape, shape)) return values;
  return Int32Array.from(broadcastIndices(tensor.shape, shape), (index) => values[index] ?? 0);
}

/** Computes equally long integer arrays to stored integers. */
export type IntegerBinary = (a: NumberArray, b: NumberArray) => NumberArray;

/** Broadcasts two quantized tensors and combines them. */
export function combine(a: Tensor, b: Tensor, storage: StorageDType, compute: IntegerBinary): Tensor {
  const shape = broadcastShapes(a.shape, b.shape);
  return storeIntegers(storage, shape, compute(broadcastIntegers(a, shape), broadcastIntegers(b, shape)));
}

function isPerTensor(node: Node): boolean {
  return [...node.inputs.slice(0, 2), node.output].every(
    (value) => value?.quantized?.granularity.kind === 'per-tensor' && value.quantized.storage !== 'int32',
  );
}

const declined = unsupported('not an operation on values quantized per tensor');

function prepareWith(
  bind: (a: IntegerResult, b: IntegerResult, c: IntegerResult) => IntegerBinary,
): (preparation: NodePreparation) => KernelFunction {
  return ({ inputTypes, outputTypes }) => {
    const [a, b, c] = [inputTypes[0]?.quantized, inputTypes[1]?.quantized, outputTypes[0]?.quantized];
    if (!a || !b || !c) {
      throw new KernelError({
        code: 'KERNEL_QUANTIZED',
        message: 'both operands and the result are quantized.',
      });
    }
    const compute = bind(resultOf(a), resultOf(b), resultOf(c));
    return (inputs) => [combine(operand(inputs, 0), operand(inputs, 1), c.storage, compute)];
  };
}

const add = defineKernel(Add, {
  supports: (node) => (isPerTensor(node) ? SUPPORTED : declined),
  prepare: prepareWith((a, b, c) => {
    const constants = qlinearAddConstants(a, b, c);
    return (x, y) => qlinearAdd(x, y, constants, c.storage);
  }),
});

const mul = defineKernel(Mul, {
  supports: (node) => (isPerTensor(node) ? SUPPORTED : declined),
  prepare: prepareWith((a, b, c) => {
    const constants = qlinearMulConstants(a, b, c);
    return (x, y) => qlinearMul(x, y, constants, c.storage);
  }),
});

/** Add and Mul on quantized values, with the bits of QLinearAdd and QLinearMul. */
export const quantizedArithmeticKernels: readonly Kernel[] = [add, mul];
