import type { Operands } from '@octavo/backend';
import { KernelError, type Tensor } from '@octavo/core/tensor';

/** The operand at a position that the op requires. Throws KernelError `KERNEL_INPUT` when it is missing. */
export function operand(inputs: Operands, position: number): Tensor {
  const tensor = inputs[position];
  if (tensor) return tensor;
  throw new KernelError({ code: 'KERNEL_INPUT', message: `input ${position} is missing.` });
}
