import { SUPPORTED, type Support, unsupported } from '@octavo/backend';
import {
  AveragePool,
  GlobalAveragePool,
  GlobalMaxPool,
  MaxPool,
  type Node,
  type PoolAttributes,
  poolWindow,
  resolvePads,
} from '@octavo/core/ir';
import { elementCount } from '@octavo/core/tensor';
import { declineFloats } from '../float-values.js';
import { defineLowering, type Lowering } from '../lowering.js';
import { nativeType } from '../native-type.js';
import type { ProgramBuilder } from '../program-builder.js';
import { required, shapeOf } from '../static-value.js';

function supportsWindow(node: Node, { pads }: PoolAttributes): Support {
  const reason = declineFloats([node.inputs[0]]);
  if (reason !== undefined) return unsupported(reason);
  const rank = shapeOf(required(node.inputs[0], node)).length;
  if (rank !== 3 && rank !== 4) return unsupported(`no kernel for windows of rank ${rank - 2}`);
  if (pads?.some((pad) => pad < 0)) return unsupported('its padding is negative');
  return node.outputs[1] ? unsupported('the positions of its maxima are an output') : SUPPORTED;
}

/** Channels last on both sides; one spatial axis is a second one of size 1. */
function lowerWindow(
  node: Node,
  program: ProgramBuilder,
  kind: 'max' | 'average',
  attributes: PoolAttributes & { readonly count_include_pad?: number },
): void {
  const [input, output] = [required(node.inputs[0], node), required(node.output, node)];
  const [batch = 1, channels = 1, ...spatial] = shapeOf(input);
  const isPlane = spatial.length === 2;
  const pads = resolvePads(spatial, poolWindow(attributes));
  const plane = (list: readonly number[] | undefined): readonly number[] => {
    const [first = 1, second = 1] = list ?? [];
    return isPlane ? [first, second] : [1, first];
  };
  program.emit({
    name: 'pool',
    operands: [program.operand(input, 'nhwc'), program.output(output, { layout: 'nhwc' })],
    words: [
      kind === 'max' ? 0 : 1,
      nativeType('float32'),
      ...[batch, channels],
      ...plane(spatial),
      ...plane(shapeOf(output).slice(2)),
      ...plane(attributes.kernel_shape),
      ...plane(attributes.strides),
      ...plane(attributes.dilations),
      ...(isPlane ? pads : [0, pads[0] ?? 0, 0, pads[1] ?? 0]),
      attributes.count_include_pad ? 1 : 0,
    ],
  });
}

/** A reduction over all spatial axes, which lie together in both layouts. */
function lowerGlobal(node: Node, program: ProgramBuilder, name: 'reduce_mean' | 'reduce_max'): void {
  const input = required(node.inputs[0], node);
  const [batch = 1, channels = 1, ...spatial] = shapeOf(input);
  const size = elementCount(spatial);
  const layout = program.layoutOf(input);
  program.emit({
    name,
    operands: [program.operand(input, layout), program.output(required(node.output, node))],
    words: layout === 'nhwc' ? [batch, size, channels] : [batch * channels, size, 1],
  });
}

function supportsGlobal(node: Node): Support {
  const reason = declineFloats([node.inputs[0]]);
  if (reason !== undefined) return unsupported(reason);
  const spatial = shapeOf(required(node.inputs[0], node)).slice(2);
  return elementCount(spatial) === 0 ? unsupported('its windows are empty') : SUPPORTED;
}

/** Pooling of floats over one or two spatial axes, and over all of them. */
export const floatPoolLowerings: readonly Lowering[] = [
  defineLowering(MaxPool, {
    supports: (node) => supportsWindow(node, MaxPool.attributes(node)),
    lower: ({ node, attributes }, program) => lowerWindow(node, program, 'max', attributes),
  }),
  defineLowering(AveragePool, {
    supports: (node) => supportsWindow(node, AveragePool.attributes(node)),
    lower: ({ node, attributes }, program) => lowerWindow(node, program, 'average', attributes),
  }),
  defineLowering(GlobalAveragePool, {
    supports: supportsGlobal,
    lower: ({ node }, program) => lowerGlobal(node, program, 'reduce_mean'),
  }),
  defineLowering(GlobalMaxPool, {
    supports: supportsGlobal,
    lower: ({ node }, program) => lowerGlobal(node, program, 'reduce_max'),
  }),
];
