import { SUPPORTED, type Support, supportUnless, unsupported } from '@octavo/backend';
import {
  AveragePool,
  GlobalAveragePool,
  GlobalMaxPool,
  MaxPool,
  type Node,
  type PoolAttributes,
} from '@octavo/core/ir';
import { elementCount, type Shape } from '@octavo/core/tensor';
import { declineFloats } from '../float-values.js';
import { defineLowering, type Lowering } from '../lowering.js';
import { nativeType } from '../native-type.js';
import { declineWindows, poolWords, slidingWindow } from '../pool-window.js';
import type { ProgramBuilder } from '../program-builder.js';
import { required, shapeOf } from '../static-value.js';

type WindowAttributes = PoolAttributes & { readonly count_include_pad?: number };

function shapesOf(node: Node): readonly [from: Shape, to: Shape] {
  return [shapeOf(required(node.inputs[0], node)), shapeOf(required(node.output, node))];
}

function supportsWindow(node: Node, attributes: WindowAttributes): Support {
  const floats = declineFloats([node.inputs[0]]);
  if (floats !== undefined) return unsupported(floats);
  if (node.outputs[1]) return unsupported('the positions of its maxima are an output');
  const [from, to] = shapesOf(node);
  return supportUnless(declineWindows(from, to, slidingWindow(from, attributes)));
}

/** Channels last on both sides. */
function lowerWindow(
  node: Node,
  program: ProgramBuilder,
  kind: 'max' | 'average',
  attributes: WindowAttributes,
): void {
  const [input, output] = [required(node.inputs[0], node), required(node.output, node)];
  const [from, to] = shapesOf(node);
  program.emit({
    name: 'pool',
    operands: [program.operand(input, 'nhwc'), program.output(output, { layout: 'nhwc' })],
    words: [
      kind === 'max' ? 0 : 1,
      nativeType('float32'),
      ...poolWords(from, to, slidingWindow(from, attributes)),
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
