import { stridesOf, type Tensor } from '@octavo/core/tensor';
import { stridedIndices } from './indices.js';
import { refuse } from './integer-operands.js';
import { gatherElements } from './rearrange.js';

/** The tensor with its axes in another order (default reversed). */
export function transpose(data: Tensor, perm?: readonly number[]): Tensor {
  const order = perm ?? [...data.shape.keys()].reverse();
  const strides = stridesOf(data.shape);
  const shape = order.map((axis) => data.shape[axis] ?? refuse(`perm names axis ${axis}.`));
  const indices = stridedIndices(
    shape,
    order.map((axis) => strides[axis] ?? 1),
  );
  return gatherElements(data, shape, indices);
}
