import { SUPPORTED, type Support, unsupported } from '@octavo/backend';
import { Clip, clamp, type Node, type RealFunction, UNARY_FUNCTIONS } from '@octavo/core/ir';
import { toNumbers } from '@octavo/core/tensor';
import { byteTable, emitByteTable } from '../byte-table.js';
import { defineLowering, type LoweredNode, type Lowering } from '../lowering.js';
import type { ProgramBuilder } from '../program-builder.js';
import { byteType, declineBytes } from '../quantized-bytes.js';
import { required } from '../static-value.js';

function supports(node: Node): Support {
  const values = [node.inputs[0], node.output];
  const reason = declineBytes(values);
  if (reason !== undefined) return unsupported(reason);
  return values.every((value) => value?.quantized?.expressed === 'float32')
    ? SUPPORTED
    : unsupported('its numbers are not float32');
}

function lowerFunction(node: Node, program: ProgramBuilder, f: RealFunction): void {
  const [input, output] = [required(node.inputs[0], node), required(node.output, node)];
  const [from, to] = [byteType(input), byteType(output)];
  if (from && to) emitByteTable(program, byteTable(from, to, f), input, output);
}

const clip = defineLowering(Clip, {
  supports: (node) =>
    node.inputs.slice(1).every((bound) => !bound || bound.constant)
      ? supports(node)
      : unsupported('its bounds are not constant'),
  lower: ({ node, constants: [, min, max] }, program) => {
    const [low] = min ? toNumbers(min) : [];
    const [high] = max ? toNumbers(max) : [];
    lowerFunction(node, program, clamp(low ?? Number.NEGATIVE_INFINITY, high ?? Number.POSITIVE_INFINITY));
  },
});

/** Functions of one quantized byte: tables of their 256 values. */
export const byteFunctionLowerings: readonly Lowering[] = [
  ...UNARY_FUNCTIONS.map(
    ({ op, of }): Lowering => ({
      op,
      supports,
      lower: ({ node }: LoweredNode, program) => lowerFunction(node, program, of(node)),
    }),
  ),
  clip,
];
