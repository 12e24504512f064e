import { elementCount, normalizeAxis, stridesOf, type Tensor } from '@octavo/core/tensor';
import { refuse } from './integer-operands.js';
import { operand } from './operand.js';
import { copyRun, elementsOf, emptyElements, tensorOfElements } from './rearrange.js';

/** Joins tensors along an axis. Throws `KERNEL_OPERAND` when another axis or the dtype differs. */
export function concat(tensors: readonly Tensor[], axis: number): Tensor {
  const first = operand(tensors, 0);
  const at = normalizeAxis(axis, first.shape.length);
  const total = tensors.reduce((sum, tensor) => sum + (tensor.shape[at] ?? 0), 0);
  const shape = first.shape.with(at, total);
  const inner = stridesOf(shape)[at] ?? 1;
  const size = elementCount(shape);
  // Other axes may be of any length where the result is empty.
  const rows = size === 0 ? 0 : elementCount(shape.slice(0, at));
  const result = emptyElements(first.dtype, size);
  let offset = 0;
  for (const tensor of tensors) {
    if (tensor.dtype !== first.dtype) refuse(`${tensor.dtype} does not join ${first.dtype}.`);
    const fits =
      tensor.shape.length === shape.length && tensor.shape.every((size, i) => i === at || size === shape[i]);
    if (!fits) refuse(`[${tensor.shape.join(', ')}] does not join [${shape.join(', ')}] along axis ${at}.`);
    const run = (tensor.shape[at] ?? 0) * inner;
    if (run === 0) continue;
    const elements = elementsOf(tensor);
    for (let row = 0; row < rows; row++)
      copyRun(elements, row * run, run, result, row * total * inner + offset);
    offset += run;
  }
  return tensorOfElements(first.dtype, shape, result);
}
