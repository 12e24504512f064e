import { floatWord, type Operand } from './operand.js';
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

/** Emits attention as one op, which holds the scores of a few queries at a time. */
export function emitAttend(program: ProgramBuilder, attending: Attending, options: AttendOptions): void {
  const { queries, keys, values, to, mask } = options;
  const { q, k, v, out, group } = attending;
  const strides = [q, k, v, out].flatMap((each) => [each.batchStride, each.headStride, each.rowStride]);
  program.emit(
    {
      name: 'attention',
      operands: [queries, keys, values, mask?.operand, to],
      words: [
        ...[q.batch, k.heads, group, q.length, k.length, q.width, v.width],
        floatWord(options.scale),
        ...[options.causal ? 1 : 0, 0],
        ...(mask?.strides ?? [0, 0, 0, 0]),
        ...strides,
      ],
    },
    `attention ${program.isa.floatKernel}`,
  );
}
