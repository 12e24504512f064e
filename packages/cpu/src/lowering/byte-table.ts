import type { Value } from '@octavo/core/ir';
import { dequantizeNumbers, quantizeNumbers } from '@octavo/core/quant';
import type { Operand, ProgramOp } from './operand.js';
import type { ProgramBuilder } from './program-builder.js';
import type { ByteType } from './quantized-bytes.js';
import { valueBytes } from './static-value.js';

/**
 * For each byte of `from` the byte of `to` that stands for `f` of its number: `quantize(f32(f(dequantize(q))))`, where
 * `f` (the identity by default) is computed in float64 as the reference backend does.
 */
export function byteTable(from: ByteType, to: ByteType, f?: (x: number) => number): Uint8Array {
  const bytes = new Uint8Array(256);
  for (let byte = 0; byte < bytes.length; byte++) bytes[byte] = byte;
  const integers = from.storage === 'int8' ? new Int8Array(bytes.buffer) : bytes;
  const reals = dequantizeNumbers(integers, [256], from);
  const results = quantizeNumbers(f ? Float32Array.from(reals, f) : reals, [256], to);
  return new Uint8Array(results);
}

/** Rows of bytes, and how far the next one is from the start of each. */
export interface ByteRows {
  readonly rows: number;
  readonly columns: number;
  readonly fromStride: number;
  readonly toStride: number;
}

/** Looks up every byte of `from`. */
export function lookUp(
  table: Operand,
  from: Operand,
  to: Operand,
  { rows, columns, fromStride, toStride }: ByteRows,
): ProgramOp {
  return { name: 'byte_table', operands: [table, from, to], words: [rows, columns, fromStride, toStride] };
}

/** Gives one value the bytes of another, each looked up in a table. */
export function emitByteTable(program: ProgramBuilder, table: Uint8Array, input: Value, output: Value): void {
  const layout = program.layoutOf(input);
  const from = program.operand(input, layout);
  const columns = valueBytes(input);
  program.emit(
    lookUp(program.constant(table), from, program.output(output, { layout, over: from }), {
      rows: 1,
      columns,
      fromStride: columns,
      toStride: columns,
    }),
  );
}
