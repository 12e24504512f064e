import { type Shape, stridesOf, type Tensor } from '@octavo/core/tensor';
import { stridedIndices } from './indices.js';
import { gatherElements } from './rearrange.js';

function permuted(tensor: Tensor, order: readonly number[]): Tensor {
  const strides = stridesOf(tensor.shape);
  const shape: Shape = order.map((axis) => tensor.shape[axis] ?? 1);
  return gatherElements(
    tensor,
    shape,
    stridedIndices(
      shape,
      order.map((axis) => strides[axis] ?? 0),
    ),
  );
}

/** `[N, spatial..., C]` as `[N, C, spatial...]`. */
export function channelsFirst(tensor: Tensor): Tensor {
  const axes = tensor.shape.map((_, axis) => axis);
  return permuted(tensor, [0, ...axes.slice(-1), ...axes.slice(1, -1)]);
}

/** `[N, C, spatial...]` as `[N, spatial..., C]`. */
export function channelsLast(tensor: Tensor): Tensor {
  const axes = tensor.shape.map((_, axis) => axis);
  return permuted(tensor, [0, ...axes.slice(2), 1]);
}
