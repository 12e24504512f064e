import { elementCount, normalizeAxis, stridesOf, type Tensor } from '@octavo/core/tensor';
import { stridedIndices } from './indices.js';
import { refuse } from './integer-operands.js';
import { operand } from './operand.js';
import { elementsOf, emptyElements, putElements, tensorOfElements } from './rearrange.js';

/** Joins tensors along an axis. Throws `KERNEL_OPERAND` when another axis or the dtype differs. */
export function concat(tensors: readonly Tensor[], axis: number): Tensor {
  const first = operand(tensors, 0);
  const at = normalizeAxis(axis, first.shape.length);
  const total = tensors.reduce((sum, tensor) => sum + (tensor.shape[at] ?? 0), 0);
  const shape = first.shape.with(at, total);
  const strides = stridesOf(shape);
  const result = emptyElements(first.dtype, elementCount(shape));
  let offset = 0;
  for (const tensor of tensors) {
    if (tensor.dtype !== first.dtype) refuse(`${tensor.dtype} does not join ${first.dtype}.`);
    const fits =
      tensor.shape.length === shape.length && tensor.shape.every((size, i) => i === at || size === shape[i]);
    if (!fits) refuse(`[${tensor.shape.join(', ')}] does not join [${shape.join(', ')}] along axis ${at}.`);
    putElements(
      result,
      stridedIndices(tensor.shape, strides, offset * (strides[at] ?? 1)),
      elementsOf(tensor),
    );
    offset += tensor.shape[at] ?? 0;
  }
  return tensorOfElements(first.dtype, shape, result);
}
