import type { ConformanceCase } from '../conformance-case.js';
import { graphText, productScale, quantizedText, scalesAround } from './graph-text.js';

interface ConvSpec {
  readonly what: string;
  /** dtype, shape and zero point. */
  readonly x: readonly [dtype: string, shape: readonly number[], zero: number];
  readonly w: readonly [dtype: string, shape: readonly number[]];
  /** `float32` leaves the sums dequantized. */
  readonly y: readonly [dtype: string, zero: number];
  /** Zero points of the weights: one, or one an output channel (0 when absent). */
  readonly weightZeros?: number | readonly number[];
  readonly perChannel?: boolean;
  readonly bias?: boolean;
  readonly attributes?: string;
}

const [X_SCALE, W_SCALE] = [0.037, 0.011];

function convCase(spec: ConvSpec): ConformanceCase {
  const [xType, xShape, xZero] = spec.x;
  const [wType, wShape] = spec.w;
  const [yType, yZero] = spec.y;
  const channels = wShape[0] ?? 1;
  const scales = spec.perChannel ? scalesAround(W_SCALE, channels) : [W_SCALE];
  const biasScales = scales.map((scale) => Math.fround(Math.fround(X_SCALE) * Math.fround(scale)));
  const terms = wShape.slice(1).reduce((a, b) => a * b, 1);
  const rank = xShape.length;
  const unknown = Array.from({ length: rank }, () => '?').join(', ');
  const y =
    yType === 'float32'
      ? `float32[${unknown}]`
      : quantizedText(yType, unknown, productScale(X_SCALE, W_SCALE, terms), yZero);
  return {
    name: `quantized Conv: ${spec.what}`,
    graph: graphText(
      `input %x: ${quantizedText(xType, xShape.join(', '), X_SCALE, xZero)}`,
      `value %w: ${quantizedText(wType, wShape.join(', '), scales, spec.weightZeros ?? 0)}`,
      ...(spec.bias ? [`value %b: ${quantizedText('int32', `${channels}`, biasScales, 0)}`] : []),
      `%y: ${y} = Conv(%x, %w${spec.bias ? ', %b' : ''}) {${spec.attributes ?? ''}}`,
      'output %y',
    ),
  };
}

const SPECS: readonly ConvSpec[] = [
  { what: '1x1 kernel', x: ['uint8', [1, 5, 3, 4], 128], w: ['int8', [6, 5, 1, 1]], y: ['uint8', 0] },
  {
    what: 'bias and weights per channel',
    x: ['uint8', [2, 3, 7, 5], 3],
    w: ['int8', [9, 3, 3, 3]],
    y: ['uint8', 121],
    perChannel: true,
    bias: true,
  },
  {
    what: 'asymmetric pads and strides',
    x: ['uint8', [1, 3, 8, 9], 255],
    w: ['int8', [4, 3, 3, 2]],
    y: ['int8', -7],
    bias: true,
    attributes: 'pads=[0, 1, 2, 1], strides=[2, 3]',
  },
  {
    what: 'auto_pad SAME_UPPER',
    x: ['int8', [1, 2, 7, 6], -5],
    w: ['int8', [3, 2, 3, 3]],
    y: ['int8', 0],
    attributes: 'auto_pad="SAME_UPPER", strides=[2, 2]',
  },
  {
    what: 'auto_pad SAME_LOWER',
    x: ['uint8', [1, 2, 6, 7], 9],
    w: ['int8', [3, 2, 2, 4]],
    y: ['uint8', 90],
    attributes: 'auto_pad="SAME_LOWER"',
  },
  {
    what: 'auto_pad VALID with dilations',
    x: ['uint8', [1, 2, 9, 9], 77],
    w: ['int8', [5, 2, 3, 3]],
    y: ['uint8', 128],
    perChannel: true,
    attributes: 'auto_pad="VALID", dilations=[2, 3]',
  },
  {
    what: 'two groups',
    x: ['uint8', [1, 6, 5, 5], 17],
    w: ['int8', [4, 3, 3, 3]],
    y: ['uint8', 128],
    bias: true,
    perChannel: true,
    attributes: 'group=2, pads=[1, 1, 1, 1]',
  },
  {
    what: 'depthwise',
    x: ['uint8', [2, 17, 6, 5], 130],
    w: ['int8', [17, 1, 3, 3]],
    y: ['uint8', 111],
    bias: true,
    perChannel: true,
    attributes: 'group=17, pads=[1, 1, 1, 1]',
  },
  {
    what: 'depthwise with two outputs a channel',
    x: ['int8', [1, 3, 6, 5], 4],
    w: ['int8', [6, 1, 3, 3]],
    y: ['int8', 4],
    attributes: 'group=3, strides=[2, 1]',
  },
  {
    what: 'one spatial axis',
    x: ['uint8', [2, 4, 11], 60],
    w: ['int8', [5, 4, 3]],
    y: ['uint8', 128],
    bias: true,
    attributes: 'pads=[2, 1], dilations=[2]',
  },
  {
    what: 'three spatial axes',
    x: ['uint8', [1, 2, 4, 3, 5], 60],
    w: ['int8', [3, 2, 2, 2, 2]],
    y: ['uint8', 128],
  },
  {
    what: 'unsigned weights with a zero point',
    x: ['uint8', [1, 3, 5, 5], 200],
    w: ['uint8', [4, 3, 3, 3]],
    y: ['uint8', 128],
    weightZeros: 119,
    bias: true,
  },
  {
    what: 'signed weights with zero points per channel',
    x: ['uint8', [1, 3, 5, 5], 0],
    w: ['int8', [4, 3, 3, 3]],
    y: ['int8', 0],
    perChannel: true,
    weightZeros: [-128, 0, 3, 127],
    attributes: 'pads=[1, 1, 1, 1]',
  },
  {
    what: 'signed times unsigned',
    x: ['int8', [1, 3, 5, 5], -128],
    w: ['uint8', [4, 3, 3, 3]],
    y: ['uint8', 128],
    weightZeros: 128,
    attributes: 'pads=[1, 0, 0, 1]',
  },
  {
    what: 'columns beyond one register tile',
    x: ['uint8', [1, 33, 3, 3], 128],
    w: ['int8', [70, 33, 1, 1]],
    y: ['uint8', 128],
    perChannel: true,
    bias: true,
  },
  {
    what: 'an output of one position',
    x: ['uint8', [1, 7, 3, 3], 100],
    w: ['int8', [3, 7, 3, 3]],
    y: ['uint8', 50],
    bias: true,
  },
  { what: 'a batch of none', x: ['uint8', [0, 3, 4, 4], 100], w: ['int8', [3, 3, 3, 3]], y: ['uint8', 50] },
  {
    what: 'float output',
    x: ['uint8', [1, 3, 6, 5], 121],
    w: ['int8', [7, 3, 3, 3]],
    y: ['float32', 0],
    perChannel: true,
    bias: true,
    attributes: 'pads=[1, 1, 1, 1]',
  },
];

/** Conv on quantized values: int32 sums and bias, one requantization. */
export const quantizedConvCases: readonly ConformanceCase[] = SPECS.map(convCase);
