import { SUPPORTED, unsupported } from '@octavo/backend';
import { Concat, type Node, type Value } from '@octavo/core/ir';
import { sameQuantization } from '@octavo/core/quant';
import { elementCount, normalizeAxis } from '@octavo/core/tensor';
import { byteTable, lookUp } from '../byte-table.js';
import { axisOrder, inMemoryOrder, type Layout } from '../layout.js';
import { defineLowering, type Lowering } from '../lowering.js';
import type { ProgramBuilder } from '../program-builder.js';
import { byteType, declineBytes } from '../quantized-bytes.js';
import { required, shapeOf } from '../static-value.js';

/** Rows of a value in memory that a concatenation along `axis` puts side by side, and bytes of one. */
function rowsOf(value: Value, axis: number, layout: Layout): { rows: number; columns: number } {
  const shape = shapeOf(value);
  const at = axisOrder(shape.length, layout).indexOf(axis);
  const sizes = inMemoryOrder(shape, layout);
  return { rows: elementCount(sizes.slice(0, at)), columns: elementCount(sizes.slice(at)) };
}

function lowerConcat(node: Node, program: ProgramBuilder, axisAttribute: number): void {
  const output = required(node.output, node);
  const axis = normalizeAxis(axisAttribute, shapeOf(output).length);
  const inputs = node.inputs.filter((value) => value !== undefined);
  const layout = program.layoutOf(required(inputs[0], node));
  const to = program.output(output, { layout });
  const toStride = rowsOf(output, axis, layout).columns;
  let offset = 0;
  for (const input of inputs) {
    const [from, type] = [byteType(input), byteType(output)];
    const { rows, columns } = rowsOf(input, axis, layout);
    if (!from || !type || rows * columns === 0) continue;
    const bytes = (rows - 1) * toStride + columns;
    program.emit(
      lookUp(
        program.constant(byteTable(from, type)),
        program.operand(input, layout),
        { block: to.block, offset: to.offset + offset, bytes },
        { rows, columns, fromStride: columns, toStride },
      ),
    );
    offset += columns;
  }
}

/** Concatenation of values of different scales: each goes through a table into its place. */
export const quantizedConcatLowerings: readonly Lowering[] = [
  defineLowering(Concat, {
    supports: (node) => {
      const reason = declineBytes([...node.inputs, node.output]);
      if (reason !== undefined) return unsupported(reason);
      const type = byteType(node.output);
      const isPlain = node.inputs.every(
        (value) => value?.quantized && type && sameQuantization(value.quantized, type),
      );
      return isPlain ? unsupported('it only moves elements') : SUPPORTED;
    },
    lower: ({ node, attributes }, program) => lowerConcat(node, program, attributes.axis),
  }),
];
