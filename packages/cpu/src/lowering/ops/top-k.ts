import { supportUnless } from '@octavo/backend';
import { type Node, TopK, TopK1, type Value } from '@octavo/core/ir';
import { elementCount, KernelError, normalizeAxis } from '@octavo/core/tensor';
import { elementType, requiredElementType } from '../element-type.js';
import { defineLowering, type Lowering } from '../lowering.js';
import type { ProgramBuilder } from '../program-builder.js';
import { dtypeOf, hasAxis, numbersOf, required, shapeOf } from '../static-value.js';

/** Why no kernel gives the first `k` along an axis; `k` is undefined where it is not in memory yet. */
function declineTop(node: Node, axis: number, k: number | undefined): string | undefined {
  const input = required(node.inputs[0], node);
  if (input.quantized) return 'no kernel for quantized values';
  if (elementType(input) === undefined) return `no kernel for ${dtypeOf(input)}`;
  const shape = shapeOf(input);
  if (!hasAxis(axis, shape.length)) return `it has no axis ${axis}`;
  const [given, length] = [givenAlong(node, axis), shape.at(axis) ?? 0];
  if (given === undefined || given > length) return `it gives other than some of ${length} elements`;
  return k === undefined || k === given ? undefined : `its outputs have ${given} of its ${k} elements`;
}

/** How many elements along an axis the outputs have; undefined where they differ. */
function givenAlong(node: Node, axis: number): number | undefined {
  const sizes = node.outputs.flatMap((value) => (value ? shapeOf(value).at(axis) : []));
  return sizes.every((size) => size === sizes[0]) ? sizes[0] : undefined;
}

function declineNumber(node: Node): string | undefined {
  const k = required(node.inputs[1], node).constant;
  if (!k) return 'how many it gives is not constant';
  return k.dtype === 'int64' && k.size === 1 ? undefined : 'how many it gives is not one int64';
}

/** What each thread works in (native/src/program/ops/top_k.cc): ranks and indices of 8 bytes, together or each. */
function entryBytes(input: Value, length: number, k: number): number {
  return (dtypeOf(input) === 'int64' ? 16 : 8) * (Math.min(length, 2 * k + 8) + 1);
}

function lowerTop(node: Node, axis: number, k: number, largest: boolean, program: ProgramBuilder): void {
  const input = required(node.inputs[0], node);
  const [values, indices] = node.outputs;
  const shape = shapeOf(input);
  const at = normalizeAxis(axis, shape.length);
  const given = givenAlong(node, axis);
  if (k !== given)
    throw new KernelError({
      code: 'KERNEL_OPERAND',
      message: `its outputs are declared with ${given} elements of the ${k} that it gives.`,
    });
  program.checkScratch(entryBytes(input, shape[at] ?? 1, k));
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
    supports: (node) => {
      const { axis, k } = TopK1.attributes(node);
      return supportUnless(declineTop(node, axis, k));
    },
    lower: ({ node, attributes: { axis, k } }, program) => lowerTop(node, axis, k, true, program),
  }),
  defineLowering(TopK, {
    supports: (node) => {
      const { axis } = TopK.attributes(node);
      const known = () => node.inputs[1]?.constant?.peekNumbers()?.[0];
      return supportUnless(declineNumber(node) ?? declineTop(node, axis, known()));
    },
    lower: ({ node, attributes: { axis, largest }, constants: [, k] }, program) =>
      lowerTop(node, axis, numbersOf(k)[0] ?? 0, largest !== 0, program),
  }),
];
