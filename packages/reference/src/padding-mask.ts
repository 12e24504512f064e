import { type Tensor, toNumbers } from '@octavo/core/tensor';
import type { Mask } from './attention-mask.js';
import { refuse } from './integer-operands.js';

/** The sizes that the mask of an attention speaks of. */
export interface MaskedSequence {
  readonly batch: number;
  readonly queries: number;
  /** Keys before those of the queries. */
  readonly past: number;
}

/** Whether a query sees a key. */
type Visible = (batch: number, query: number, key: number) => boolean;

/**
 * The mask that onnxruntime's `mask_index` describes, in the forms that `QAttention` lists: what is hidden has `filter`
 * added to its score, what comes after its query under causal order is never seen.
 * @throws KernelError `KERNEL_OPERAND` when the mask has none of these forms.
 */
export function paddingMask(
  mask: Tensor | undefined,
  sequence: MaskedSequence,
  causal: boolean,
  filter: number,
): Mask {
  const visible = mask ? visibility(mask, sequence) : () => true;
  return (batch, _head, query, key) => {
    if (causal && key > query + sequence.past) return Number.NEGATIVE_INFINITY;
    return visible(batch, query, key) ? 0 : filter;
  };
}

function visibility(mask: Tensor, { batch: batches, queries, past }: MaskedSequence): Visible {
  const values = toNumbers(mask);
  const keys = past + queries;
  const [first, second, third] = mask.shape;
  const sees = (at: number) => (values[at] ?? 0) > 0;
  if (mask.shape.length === 1 && first === batches) return (batch, _, key) => key < (values[batch] ?? 0);
  if (mask.shape.length === 1 && first === 2 * batches) {
    return (batch, _, key) => key < (values[batch] ?? 0) && key >= (values[batches + batch] ?? 0);
  }
  if (mask.shape.length === 2 && first === batches && second === keys) {
    return (batch, _, key) => sees(batch * keys + key);
  }
  if (mask.shape.length === 3 && first === batches && second === queries && third === keys) {
    return (batch, query, key) => sees((batch * queries + query) * keys + key);
  }
  refuse(
    `a mask of [${mask.shape.join(', ')}] does not fit ${batches} samples of ${queries} queries and ${keys} keys.`,
  );
}
