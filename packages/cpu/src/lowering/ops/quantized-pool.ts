import { type Support, supportUnless, unsupported } from '@octavo/backend';
import { AveragePool, GlobalAveragePool, GlobalMaxPool, MaxPool, type Node } from '@octavo/core/ir';
import { sameQuantization } from '@octavo/core/quant';
import { elementCount } from '@octavo/core/tensor';
import { defineLowering, type Lowering } from '../lowering.js';
import { nativeType } from '../native-type.js';
import { declineWindows, globalWindow, type PoolWindow, poolWords, slidingWindow } from '../pool-window.js';
import type { ProgramBuilder } from '../program-builder.js';
import { declineBytes, parameterWords } from '../quantized-bytes.js';
import { dtypeOf, required, shapeOf } from '../static-value.js';

/** That sums of bytes over a window fit 32 bits. */
const MOST_TAPS = 2 ** 23;

/** The largest of integers is the largest of numbers where one scale, and a positive one, is behind them. */
function supportsMaximum(node: Node, window: PoolWindow): Support {
  const [x] = node.inputs;
  if (node.outputs[1]) return unsupported('the positions of its maxima are an output');
  if (x?.dtype !== 'int8' && x?.dtype !== 'uint8') return unsupported(`no kernel for maxima of ${x?.dtype}`);
  const type = x.quantized;
  const to = node.output?.quantized;
  const isKept = type && to ? sameQuantization(type, to) && isOrdered(type.scales) : type === to;
  if (!isKept) return unsupported('it changes the quantized type');
  return supportsWindows(node, window);
}

function isOrdered(scales: Float32Array): boolean {
  return scales.length === 1 && (scales[0] ?? 0) > 0;
}

function supportsAverage(node: Node, window: PoolWindow): Support {
  const [x] = node.inputs;
  const reason = declineBytes([x, node.output]);
  if (reason !== undefined) return unsupported(reason);
  if (x?.dtype !== node.output?.dtype) return unsupported('its input and result are int8 and uint8');
  if (elementCount(window.kernel) > MOST_TAPS)
    return unsupported(`its windows are over ${MOST_TAPS} elements`);
  return supportsWindows(node, window);
}

function supportsWindows(node: Node, window: PoolWindow): Support {
  return supportUnless(
    declineWindows(shapeOf(required(node.inputs[0], node)), shapeOf(required(node.output, node)), window),
  );
}

/** Channels last on both sides. */
function lowerPool(
  node: Node,
  program: ProgramBuilder,
  kind: 'maximum' | 'average',
  window: PoolWindow,
): void {
  const [input, output] = [required(node.inputs[0], node), required(node.output, node)];
  program.emit({
    name: 'pool',
    operands: [program.operand(input, 'nhwc'), program.output(output, { layout: 'nhwc' })],
    words: [
      kind === 'average' ? 1 : 0,
      nativeType(dtypeOf(input)),
      ...(kind === 'average' ? [input, output].flatMap(parameterWords) : []),
      ...poolWords(shapeOf(input), shapeOf(output), window),
    ],
  });
}

function globalOf(node: Node): PoolWindow {
  return globalWindow(shapeOf(required(node.inputs[0], node)));
}

function maximaOf(node: Node): PoolWindow {
  return slidingWindow(shapeOf(required(node.inputs[0], node)), MaxPool.attributes(node));
}

function meansOf(node: Node): PoolWindow {
  return slidingWindow(shapeOf(required(node.inputs[0], node)), AveragePool.attributes(node));
}

/** Pooling of 8-bit integers over one or two spatial axes. */
export const quantizedPoolLowerings: readonly Lowering[] = [
  defineLowering(MaxPool, {
    supports: (node) => supportsMaximum(node, maximaOf(node)),
    lower: ({ node }, program) => lowerPool(node, program, 'maximum', maximaOf(node)),
  }),
  defineLowering(GlobalMaxPool, {
    supports: (node) => supportsMaximum(node, globalOf(node)),
    lower: ({ node }, program) => lowerPool(node, program, 'maximum', globalOf(node)),
  }),
  defineLowering(AveragePool, {
    supports: (node) => supportsAverage(node, meansOf(node)),
    lower: ({ node }, program) => lowerPool(node, program, 'average', meansOf(node)),
  }),
  defineLowering(GlobalAveragePool, {
    supports: (node) => supportsAverage(node, globalOf(node)),
    lower: ({ node }, program) => lowerPool(node, program, 'average', globalOf(node)),
  }),
];
