import { KernelError, type Tensor, toNumbers } from '@octavo/core/tensor';

/** The elements of an integer tensor (axes, shapes, bounds) as numbers; undefined when it is left out. */
export function integers(tensor: Tensor): number[];
export function integers(tensor: Tensor | undefined): number[] | undefined;
export function integers(tensor: Tensor | undefined): number[] | undefined {
  return tensor && Array.from(toNumbers(tensor));
}

/** The only element of a numeric tensor. Throws KernelError `KERNEL_SCALAR` when there is another number of them. */
export function scalar(tensor: Tensor): number {
  const [value] = toNumbers(tensor);
  if (value === undefined || tensor.size !== 1) {
    throw new KernelError({
      code: 'KERNEL_SCALAR',
      message: `a single number is needed, found shape [${tensor.shape.join(', ')}].`,
    });
  }
  return value;
}

/** Reports operands that an op cannot compute with. Throws KernelError `KERNEL_OPERAND`. */
export function refuse(message: string): never {
  throw new KernelError({ code: 'KERNEL_OPERAND', message });
}
