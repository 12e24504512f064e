import { SUPPORTED, type Support, supportUnless, unsupported } from '@octavo/backend';
import { InstanceNormalization, LayerNormalization, type Node, RMSNormalization } from '@octavo/core/ir';
import { elementCount, normalizeAxis } from '@octavo/core/tensor';
import { declineFloats } from '../float-values.js';
import { defineLowering, type Lowering } from '../lowering.js';
import { floatWord, type Operand } from '../operand.js';
import type { ProgramBuilder } from '../program-builder.js';
import { required, shapeOf } from '../static-value.js';

/** Elements from an axis to the last. */
function columnsFrom(node: Node, axis: number): number {
  const shape = shapeOf(required(node.inputs[0], node));
  return elementCount(shape.slice(normalizeAxis(axis, shape.length)));
}

function supportsRows(node: Node, axis: number): Support {
  const reason = declineFloats([...node.inputs, node.output]);
  if (reason !== undefined) return unsupported(reason);
  for (const value of node.outputs.slice(1))
    if (value) return unsupported('its mean or deviation is an output');
  const columns = columnsFrom(node, axis);
  for (const value of node.inputs.slice(1))
    if (value && elementCount(shapeOf(value)) !== columns)
      return unsupported('its scale or bias is broadcast');
  return SUPPORTED;
}

/** In the input's place, unless parameters that are read all along lie there too. */
function overUnless(from: Operand, parameters: readonly (Operand | undefined)[]): { over?: Operand } {
  for (const each of parameters) if (each?.block === from.block) return {};
  return { over: from };
}

function lowerRows(
  node: Node,
  program: ProgramBuilder,
  name: 'layer_norm' | 'rms_norm',
  { axis, epsilon }: { readonly axis: number; readonly epsilon: number },
): void {
  const [input, scaleValue, biasValue] = node.inputs;
  const columns = columnsFrom(node, axis);
  const from = program.operand(required(input, node));
  const scale = scaleValue && program.operand(scaleValue);
  const bias = biasValue && program.operand(biasValue);
  const to = program.output(required(node.output, node), overUnless(from, [scale, bias]));
  const rows = columns === 0 ? 0 : elementCount(shapeOf(required(input, node))) / columns;
  program.emit({ name, operands: [from, scale, bias, to], words: [rows, columns, floatWord(epsilon)] });
}

const instanceNormalization = defineLowering(InstanceNormalization, {
  supports: (node) => {
    return supportUnless(declineFloats(node.inputs));
  },
  lower: ({ node, attributes: { epsilon } }, program) => {
    const [input, scale, bias] = node.inputs.map((value) => required(value, node));
    const [batch = 1, channels = 1, ...spatial] = shapeOf(required(input, node));
    const from = program.operand(required(input, node));
    const parameters = [scale, bias].map((value) => program.operand(required(value, node)));
    const to = program.output(required(node.output, node), overUnless(from, parameters));
    program.emit({
      name: 'instance_norm',
      operands: [from, ...parameters, to],
      words: [batch, channels, elementCount(spatial), floatWord(epsilon)],
    });
  },
});

/** Normalizations of rows and channels. */
export const normalizeLowerings: readonly Lowering[] = [
  defineLowering(LayerNormalization, {
    supports: (node) => supportsRows(node, LayerNormalization.attributes(node).axis),
    lower: ({ node, attributes }, program) => lowerRows(node, program, 'layer_norm', attributes),
  }),
  defineLowering(RMSNormalization, {
    supports: (node) => supportsRows(node, RMSNormalization.attributes(node).axis),
    lower: ({ node, attributes }, program) => lowerRows(node, program, 'rms_norm', attributes),
  }),
  instanceNormalization,
];
