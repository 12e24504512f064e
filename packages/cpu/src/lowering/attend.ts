import { activationWords } from './activation.js';
import { floatWord, type Operand } from './operand.js';
import { batchProductWords } from './ops/float-batch-matmul.js';
import type { ProgramBuilder } from './program-builder.js';

/** Vectors by sample and head; those of a vector lie together. Strides are in elements. */
export interface Heads {
  readonly batch: number;
  readonly heads: number;
  readonly length: number;
  readonly width: number;
  readonly batchStride: number;
  readonly headStride: number;
  readonly rowStride: number;
}

/** The operands of attention by head; groups of `group` query heads share a key head. */
export interface Attending {
  readonly q: Heads;
  readonly k: Heads;
  readonly v: Heads;
  readonly out: Heads;
  readonly group: number;
}

/** The words of the product that gives the scores `[batch, heads, queries, keys]`. */
function scoreWords({ q, k, group }: Attending): readonly number[] {
  const plane = q.length * k.length;
  const product = batchProductWords({
    ...{ m: q.length, k: q.width, n: k.length, outRow: k.length },
    a: { row: q.rowStride, column: 1 },
    b: { row: 1, column: k.rowStride },
    batch: [
      { size: q.batch, a: q.batchStride, b: k.batchStride, out: q.heads * plane },
      { size: k.heads, a: group * q.headStride, b: k.headStride, out: group * plane },
      { size: group, a: q.headStride, b: 0, out: plane },
    ],
  });
  return [...activationWords(), ...product];
}

/** The words of the product of weights and values. */
function valueWords({ q, k, v, out, group }: Attending): readonly number[] {
  const plane = q.length * k.length;
  const product = batchProductWords({
    ...{ m: q.length, k: k.length, n: v.width, outRow: out.rowStride },
    a: { row: k.length, column: 1 },
    b: { row: v.rowStride, column: 1 },
    batch: [
      { size: q.batch, a: q.heads * plane, b: v.batchStride, out: out.batchStride },
      { size: k.heads, a: group * plane, b: v.headStride, out: group * out.headStride },
      { size: group, a: plane, b: 0, out: out.headStride },
    ],
  });
  return [...activationWords(), ...product];
}

/** What attention reads and writes, and how scores become weights. */
export interface AttendOptions {
  readonly queries: Operand;
  readonly keys: Operand;
  readonly values: Operand;
  readonly to: Operand;
  readonly scale: number;
  /** Whether a query sees only the keys up to its own. */
  readonly causal: boolean;
  /** Added to the scores, which it broadcasts to by these strides. */
  readonly mask: { readonly operand: Operand; readonly strides: readonly number[] } | undefined;
}

/** Emits scores, their softmax in place, and the weighted values: three ops. */
export function emitAttend(program: ProgramBuilder, attending: Attending, options: AttendOptions): void {
  const { queries, keys, values, to, mask } = options;
  const { q, k } = attending;
  const name = 'float_batch_matmul';
  const elements = q.batch * q.heads * q.length * k.length;
  const scores = program.scratch(elements * Float32Array.BYTES_PER_ELEMENT);
  program.emit({
    name,
    operands: [undefined, undefined, queries, keys, scores],
    words: scoreWords(attending),
  });
  program.emit({
    name: 'attention_softmax',
    operands: [scores, mask?.operand, scores],
    words: [
      ...[q.batch, q.heads, q.length, k.length],
      floatWord(options.scale),
      ...[options.causal ? 1 : 0, 0],
      ...(mask?.strides ?? [0, 0, 0, 0]),
    ],
  });
  program.emit(
    { name, operands: [undefined, undefined, scores, values, to], words: valueWords(attending) },
    `attention ${program.binding.isa().floatKernel}`,
  );
}
