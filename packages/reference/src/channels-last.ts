import type { Tensor } from '@octavo/core/tensor';
import { transpose } from './transpose.js';

/** `[N, spatial..., C]` as `[N, C, spatial...]`. */
export function channelsFirst(tensor: Tensor): Tensor {
  const axes = tensor.shape.map((_, axis) => axis);
  return transpose(tensor, [0, ...axes.slice(-1), ...axes.slice(1, -1)]);
}

/** `[N, C, spatial...]` as `[N, spatial..., C]`. */
export function channelsLast(tensor: Tensor): Tensor {
  const axes = tensor.shape.map((_, axis) => axis);
  return transpose(tensor, [0, ...axes.slice(2), 1]);
}
