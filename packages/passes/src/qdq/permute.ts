import { fromNumbers, stridesOf, type Tensor, toNumbers } from '@octavo/core/tensor';

/** The tensor with its axes in another order: axis `i` of the result is axis `permutation[i]` of the input. */
export function permute(tensor: Tensor, permutation: readonly number[]): Tensor {
  const values = toNumbers(tensor);
  const shape = permutation.map((axis) => tensor.shape[axis] ?? 1);
  const strides = stridesOf(tensor.shape);
  const steps = permutation.map((axis) => strides[axis] ?? 0);
  const out = values.slice();
  const index = new Array<number>(shape.length).fill(0);
  let from = 0;
  for (let to = 0; to < out.length; to++) {
    out[to] = values[from] ?? 0;
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      const next = (index[axis] ?? 0) + 1;
      from += steps[axis] ?? 0;
      index[axis] = next;
      if (next < (shape[axis] ?? 1)) break;
      from -= next * (steps[axis] ?? 0);
      index[axis] = 0;
    }
  }
  return fromNumbers(tensor.dtype, shape, out);
}
