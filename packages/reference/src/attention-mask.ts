import { stridesOf, type Tensor, toNumbers } from '@octavo/core/tensor';

/** What is added to the score of a query and a key: 0 or a bias where they see each other, else -Infinity. */
export type Mask = (batch: number, head: number, query: number, key: number) => number;

/** What decides which keys a query sees. */
export interface MaskSource {
  /** Bool keeps where it is true, floats are added; broadcasts to `[B, H, q, kv]`, short rows end in -Infinity. */
  readonly mask: Tensor | undefined;
  /** The first query sees this many keys before its own, for each sample; undefined without causal order. */
  readonly causalOffset: ((batch: number) => number) | undefined;
  /** Keys of each sample that are no padding. */
  readonly validKeys: ArrayLike<number> | undefined;
}

export function attentionMask({ mask, causalOffset, validKeys }: MaskSource): Mask {
  const bias = mask ? broadcastMask(mask) : () => 0;
  return (batch, head, query, key) => {
    if (causalOffset && key > query + causalOffset(batch)) return Number.NEGATIVE_INFINITY;
    if (validKeys && key >= (validKeys[batch] ?? 0)) return Number.NEGATIVE_INFINITY;
    return bias(batch, head, query, key);
  };
}

function broadcastMask(mask: Tensor): Mask {
  const values = toNumbers(mask);
  const shape = [...new Array<number>(4 - mask.shape.length).fill(1), ...mask.shape];
  const [b = 0, h = 0, q = 0, k = 0] = stridesOf(shape).map((stride, axis) =>
    shape[axis] === 1 ? 0 : stride,
  );
  const keys = shape[3] ?? 1;
  return (batch, head, query, key) => {
    if (keys > 1 && key >= keys) return Number.NEGATIVE_INFINITY;
    const value = values[batch * b + head * h + query * q + key * k] ?? 0;
    return mask.dtype === 'bool' ? (value ? 0 : Number.NEGATIVE_INFINITY) : value;
  };
}
