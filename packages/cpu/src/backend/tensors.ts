import type { Operands } from '@octavo/backend';
import { type Shape, Tensor, toNumbers } from '@octavo/core/tensor';
import type { OutputArray } from '../binding.js';
import type { Epilogue } from '../epilogue.js';

/** Whether a shape is certainly that of one number. */
export function isScalar(shape: readonly unknown[] | undefined): boolean {
  return shape?.every((dim) => dim === 1) ?? false;
}

/** The number in an optional operand of one element; 0 when it is left out. */
export function scalarAt(position: number): (inputs: Operands) => number {
  return (inputs) => {
    const tensor = inputs[position];
    return tensor ? (toNumbers(tensor)[0] ?? 0) : 0;
  };
}

/** Wraps what a kernel wrote. */
export function outputTensor(dtype: Epilogue['output'], shape: Shape, data: OutputArray): Tensor {
  return new Tensor(dtype, shape, data as never);
}
