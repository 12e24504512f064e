import { Graph, outputOf, QLinearConv, Transpose, tensorType, type Value } from '@octavo/core/ir';
import { float32, fromNumbers, StoredTensor, type Tensor } from '@octavo/core/tensor';
import { CONV_LAYERS, type ConvLayer } from './conv-layers.js';
import { type KernelCase, type KernelProblem, problemOf } from './kernel-case.js';
import { randomUint8, randomWeights } from './random-bytes.js';

type Layout = 'NHWC' | 'NCHW';

/** QLinearConv of all networks, between images in rows of channels and in planes. */
export function convCases(): KernelCase[] {
  return Object.entries(CONV_LAYERS).flatMap(([suite, layers]) =>
    layers.flatMap((layer) => (['NHWC', 'NCHW'] as const).map((layout) => convCase(suite, layer, layout))),
  );
}

function convCase(suite: string, layer: ConvLayer, layout: Layout): KernelCase {
  const { size, channels, outChannels, kernel, stride, groups } = layer;
  const outSize = Math.ceil(size / stride);
  const weights = outChannels * (channels / groups) * kernel ** 2;
  const kind = groups === 1 ? '' : groups === channels ? ' depthwise' : ` groups ${groups}`;
  const step = stride === 1 ? '' : ` stride ${stride}`;
  return {
    suite,
    name: `${layout} ${kernel}x${kernel}${kind}${step} ${channels}->${outChannels} @${size}`,
    operations: 2 * outSize ** 2 * weights,
    bytes: size ** 2 * channels + weights + outSize ** 2 * outChannels,
    build: () => convProblem(layer, layout),
  };
}

/** In rows, the convolution of ONNX stands between transpositions, which both runtimes cancel with their own. */
function convProblem(layer: ConvLayer, layout: Layout): KernelProblem {
  const { size, channels } = layer;
  const shape = layout === 'NHWC' ? [1, size, size, channels] : [1, channels, size, size];
  const x = randomUint8(shape, 1);
  const graph = new Graph(new Map([['', 21]]));
  const input = graph.addInput('x', tensorType('uint8', shape));
  const image = layout === 'NHWC' ? transpose(graph, input, [0, 3, 1, 2]) : input;
  const out = convolve(graph, image, layer);
  return problemOf(graph, [layout === 'NHWC' ? transpose(graph, out, [0, 2, 3, 1]) : out], { x });
}

function transpose(graph: Graph, data: Value, perm: number[]): Value {
  return outputOf(graph.emit(Transpose, { data }, { perm }));
}

function convolve(graph: Graph, x: Value, layer: ConvLayer): Value {
  const { size, channels, outChannels, kernel, stride, groups } = layer;
  const constant = (name: string, tensor: Tensor) => graph.addInitializer(name, StoredTensor.of(tensor));
  const taps = (channels / groups) * kernel ** 2;
  const total = Math.max(0, (Math.ceil(size / stride) - 1) * stride + kernel - size);
  const [before, after] = [Math.floor(total / 2), Math.ceil(total / 2)];
  const node = graph.emit(
    QLinearConv,
    {
      x,
      x_scale: constant('x_scale', float32([1 / 128], [])),
      x_zero_point: constant('x_zero_point', fromNumbers('uint8', [], [128])),
      w: constant('w', randomWeights([outChannels, channels / groups, kernel, kernel], 2)),
      w_scale: constant('w_scale', float32(new Float32Array(outChannels).fill(1 / 64), [outChannels])),
      w_zero_point: constant(
        'w_zero_point',
        fromNumbers('int8', [outChannels], new Array(outChannels).fill(0)),
      ),
      y_scale: constant('y_scale', float32([Math.sqrt(taps) / 64], [])),
      y_zero_point: constant('y_zero_point', fromNumbers('uint8', [], [128])),
      B: constant('B', fromNumbers('int32', [outChannels], new Array(outChannels).fill(77))),
    },
    {
      group: groups,
      kernel_shape: [kernel, kernel],
      strides: [stride, stride],
      pads: [before, before, after, after],
    },
  );
  return outputOf(node);
}
