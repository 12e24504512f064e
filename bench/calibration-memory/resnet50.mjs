import {
  Add,
  BatchNormalization,
  Conv,
  createModel,
  Flatten,
  Gemm,
  GlobalAveragePool,
  Graph,
  MaxPool,
  Relu,
  tensorType,
} from '@octavo/core/ir';
import { float32, StoredTensor } from '@octavo/core/tensor';
import { hashedWeight } from '../hashed-weight.mjs';

/** @typedef {NonNullable<import('@octavo/core/ir').Node['output']>} Value */
/** @typedef {{ readonly value: Value, readonly channels: number }} Planes */

/** Blocks, inner channels and first stride of the four stages. */
const STAGES = /** @type {const} */ ([
  [3, 64, 1],
  [4, 128, 2],
  [6, 256, 2],
  [3, 512, 2],
]);

/**
 * The graph of a ResNet-50 (25.6 million weights, 4.1 billion products) for images of 224x224, with BatchNormalization
 * nodes of their own as frameworks export it. Weights are hashes, scaled so that activations keep their power.
 */
export function resNet50() {
  const graph = new Graph(new Map([['', 17]]));
  graph.name = 'resnet50';
  const image = { value: graph.addInput('image', tensorType('float32', ['n', 3, 224, 224])), channels: 3 };
  const stem = convolve(graph, 'stem', image, { channels: 64, kernel: 7, stride: 2, relu: true });
  const window = { kernel_shape: [3, 3], strides: [2, 2], pads: [1, 1, 1, 1] };
  const pooled = graph.emit(MaxPool, { X: stem.value }, window, { name: 'pool' });
  /** @type {Planes} */
  let x = { value: outputOf(pooled), channels: stem.channels };
  STAGES.forEach(([blocks, inner, stride], stage) => {
    for (let block = 0; block < blocks; block++)
      x = bottleneck(graph, `stage${stage}.${block}`, x, inner, block === 0 ? stride : 1);
  });
  const mean = outputOf(graph.emit(GlobalAveragePool, { X: x.value }, {}, { name: 'mean' }));
  const flat = outputOf(graph.emit(Flatten, { input: mean }, {}, { name: 'flat' }));
  const B = graph.addInitializer('head.weight', weight(graph, [x.channels, 1000], x.channels));
  const scores = outputOf(graph.emit(Gemm, { A: flat, B }, {}, { name: 'head' }));
  graph.outputs.push(scores);
  scores.type = tensorType('float32', ['n', 1000]);
  return createModel(graph);
}

/**
 * @param {Graph} graph
 * @param {string} name
 * @param {Planes} x
 * @param {number} inner
 * @param {number} stride
 * @returns {Planes}
 */
function bottleneck(graph, name, x, inner, stride) {
  const channels = 4 * inner;
  const reduced = convolve(graph, `${name}.reduce`, x, { channels: inner, kernel: 1, stride: 1, relu: true });
  const mixed = convolve(graph, `${name}.mix`, reduced, { channels: inner, kernel: 3, stride, relu: true });
  const wide = convolve(graph, `${name}.widen`, mixed, { channels, kernel: 1, stride: 1, relu: false });
  const shortcut =
    x.channels === channels
      ? x
      : convolve(graph, `${name}.project`, x, { channels, kernel: 1, stride, relu: false });
  const sum = graph.emit(Add, { A: wide.value, B: shortcut.value }, {}, { name: `${name}.add` });
  return { value: outputOf(graph.emit(Relu, { X: outputOf(sum) }, {}, { name: `${name}.relu` })), channels };
}

/**
 * @param {Graph} graph
 * @param {string} name
 * @param {Planes} x
 * @param {{ channels: number, kernel: number, stride: number, relu: boolean }} shape
 * @returns {Planes}
 */
function convolve(graph, name, x, { channels, kernel, stride, relu }) {
  const fan = x.channels * kernel * kernel;
  const W = graph.addInitializer(
    `${name}.weight`,
    weight(graph, [channels, x.channels, kernel, kernel], fan),
  );
  const pad = (kernel - 1) / 2;
  const window = { kernel_shape: [kernel, kernel], strides: [stride, stride], pads: [pad, pad, pad, pad] };
  const convolved = outputOf(graph.emit(Conv, { X: x.value, W }, window, { name }));
  const constant = (/** @type {string} */ part, /** @type {number} */ number) =>
    graph.addInitializer(
      `${name}.${part}`,
      StoredTensor.of(float32(new Float32Array(channels).fill(number), [channels])),
    );
  const operands = {
    X: convolved,
    scale: constant('scale', relu ? 1 : 0.5),
    B: constant('shift', 0.1),
    input_mean: constant('mean', 0.05),
    input_var: constant('variance', 1),
  };
  const value = outputOf(graph.emit(BatchNormalization, operands, {}, { name: `${name}.norm` }));
  if (!relu) return { value, channels };
  return { value: outputOf(graph.emit(Relu, { X: value }, {}, { name: `${name}.relu` })), channels };
}

/**
 * @param {Graph} graph
 * @param {readonly number[]} shape
 * @param {number} fan
 */
function weight(graph, shape, fan) {
  return hashedWeight(graph.initializers.length * 7919, shape, Math.sqrt(6 / fan));
}

/** @param {import('@octavo/core/ir').Node} node */
function outputOf(node) {
  if (!node.output) throw new Error(`${node.label} has no output`);
  return node.output;
}
