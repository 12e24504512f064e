import { supportUnless } from '@octavo/backend';
import { type Node, TopK, TopK1 } from '@octavo/core/ir';
import { elementCount, normalizeAxis } from '@octavo/core/tensor';
import { elementType, requiredElementType } from '../element-type.js';
import { defineLowering, type Lowering } from '../lowering.js';
import type { ProgramBuilder } from '../program-builder.js';
import { dtypeOf, required, shapeOf } from '../static-value.js';

function declineElements(node: Node): string | undefined {
  const input = required(node.inputs[0], node);
  if (input.quantized) return 'no kernel for quantized values';
  return elementType(input) === undefined ? `no kernel for ${dtypeOf(input)}` : undefined;
}

function lowerTop(node: Node, axis: number, largest: boolean, program: ProgramBuilder): void {
  const input = required(node.inputs[0], node);
  const [values, indices] = node.outputs;
  const shape = shapeOf(input);
  const at = normalizeAxis(axis, shape.length);
  const k = shapeOf(required(values ?? indices, node))[at] ?? 1;
  program.emit({
    name: 'top_k',
    operands: [program.operand(input), values && program.output(values), indices && program.output(indices)],
    words: [
      requiredElementType(input),
      elementCount(shape.slice(0, at)),
      shape[at] ?? 1,
      elementCount(shape.slice(at + 1)),
      k,
      largest ? 1 : 0,
    ],
  });
}

/** The largest or smallest elements along one axis, in order, whether or not that is asked for. */
export const topKLowerings: readonly Lowering[] = [
  defineLowering(TopK1, {
    supports: (node) => supportUnless(declineElements(node)),
    lower: ({ node, attributes: { axis } }, program) => lowerTop(node, axis, true, program),
  }),
  defineLowering(TopK, {
    supports: (node) =>
      supportUnless(node.inputs[1]?.constant ? declineElements(node) : 'how many it gives is not constant'),
    lower: ({ node, attributes: { axis, largest } }, program) => lowerTop(node, axis, largest !== 0, program),
  }),
];
