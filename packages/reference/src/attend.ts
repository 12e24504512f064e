import { transposeMatrix } from '@octavo/core/tensor';
import type { Heads } from './attention-heads.js';
import type { Mask } from './attention-mask.js';
import { refuse } from './integer-operands.js';
import { softmaxLine } from './kernels/softmax.js';
import { addProduct } from './matrix-product.js';

/** What the scores show when they leave the op. */
export type ScoreStage = 'products' | 'capped' | 'masked' | 'softmax';

/** How scores become weights. */
export interface AttentionOptions {
  readonly scale: number;
  /** Bounds scores to `softcap * tanh(score / softcap)`; 0 leaves them. */
  readonly softcap: number;
  readonly mask: Mask;
  readonly shown: ScoreStage;
  /** A score that takes its share of a head's weights and gives it to no value; undefined without one. */
  readonly sink?: (head: number) => number;
}

/**
 * Attention of every query head; groups of query heads share a key head. Returns Y and the scores at one stage.
 * Throws KernelError `KERNEL_OPERAND` where queries, keys and values do not fit each other.
 */
export function attend(
  q: Heads,
  k: Heads,
  v: Heads,
  options: AttentionOptions,
): { readonly y: Heads; readonly scores: Float64Array } {
  checkFit(q, k, v);
  const y = new Float64Array(q.batch * q.heads * q.length * v.width);
  const scores = new Float64Array(q.batch * q.heads * q.length * k.length);
  for (let head = 0; head < q.batch * q.heads; head++) {
    const batch = Math.floor(head / q.heads);
    const shared = batch * k.heads + Math.floor(((head % q.heads) * k.heads) / q.heads);
    const weights = new Float64Array(q.length * k.length);
    const keys = k.data.subarray(shared * k.length * k.width, (shared + 1) * k.length * k.width);
    addProduct(
      { data: weights, offset: 0, stride: k.length },
      { data: q.data, offset: head * q.length * q.width, stride: q.width },
      { data: transposeMatrix(keys, k.length, k.width), offset: 0, stride: k.length },
      { rows: q.length, inner: q.width, columns: k.length },
    );
    for (let i = 0; i < weights.length; i++) weights[i] = (weights[i] ?? 0) * options.scale;
    const shown = normalizeScores(weights, batch, head % q.heads, k.length, options);
    scores.set(shown, head * weights.length);
    addProduct(
      { data: y, offset: head * q.length * v.width, stride: v.width },
      { data: weights, offset: 0, stride: k.length },
      { data: v.data, offset: shared * v.length * v.width, stride: v.width },
      { rows: q.length, inner: k.length, columns: v.width },
    );
  }
  return { y: { data: y, batch: q.batch, heads: q.heads, length: q.length, width: v.width }, scores };
}

function checkFit(q: Heads, k: Heads, v: Heads): void {
  const areOneBatch = q.batch === k.batch && q.batch === v.batch;
  const areOneLength = k.length === v.length && k.heads === v.heads;
  const areGroups = k.heads === 0 ? q.heads === 0 : q.heads % k.heads === 0;
  if (areOneBatch && areOneLength && areGroups && q.width === k.width) return;
  const form = ({ batch, heads, length, width }: Heads) => `[${batch}, ${heads}, ${length}, ${width}]`;
  refuse(
    `queries ${form(q)}, keys ${form(k)} and values ${form(v)} (batch, heads, length, width) do not fit each other.`,
  );
}

/** Turns the scores of one head into weights in place; a query that sees no key has weights 0. Returns the stage shown. */
function normalizeScores(
  weights: Float64Array,
  batch: number,
  head: number,
  keys: number,
  { softcap, mask, shown, sink }: AttentionOptions,
): Float64Array {
  const products = shown === 'products' ? weights.slice() : weights;
  if (softcap > 0) weights.set(weights.map((x) => softcap * Math.tanh(x / softcap)));
  const capped = shown === 'capped' ? weights.slice() : products;
  for (let i = 0; i < weights.length; i++) {
    weights[i] = (weights[i] ?? 0) + mask(batch, head, Math.floor(i / keys), i % keys);
  }
  const masked = shown === 'masked' ? weights.slice() : capped;
  for (let start = 0; start < weights.length; start += keys) {
    const line = weights.subarray(start, start + keys);
    if (line.every((score) => score === Number.NEGATIVE_INFINITY)) line.fill(0);
    else softmaxLine(line, sink?.(head));
  }
  return shown === 'softmax' ? weights : masked;
}
