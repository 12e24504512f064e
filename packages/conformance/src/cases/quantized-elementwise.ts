import { float32, fromNumbers } from '@octavo/core/tensor';
import type { ConformanceCase } from '../conformance-case.js';
import { graphText, quantizedText } from './graph-text.js';

type Byte = 'int8' | 'uint8';

const SHAPES = [
  ['equal shapes', '3, 50', '3, 50'],
  ['a channel broadcast', '2, 3, 4, 5', '3, 1, 1'],
  ['both sides broadcast', '4, 1, 6', '5, 1'],
] as const;

const typed: readonly ConformanceCase[] = (['Add', 'Mul'] as const).flatMap((op) =>
  (['uint8', 'int8'] as const).flatMap((dtype) =>
    SHAPES.map(([what, a, b]) => ({
      name: `quantized ${op}: ${what}, ${dtype}`,
      graph: graphText(
        `input %a: ${quantizedText(dtype, a, 0.031, 100)}`,
        `input %b: ${quantizedText(dtype, b, 0.0457, -3 + (dtype === 'uint8' ? 20 : 0))}`,
        `%y: ${quantizedText(dtype, '*', op === 'Add' ? 0.061 : 0.12, 7)} = ${op}(%a, %b)`,
        'output %y',
      ),
    })),
  ),
);

/** Scales whose ratios are exact halves, so that most sums fall on ties. */
const ties: readonly ConformanceCase[] = (['Add', 'Mul'] as const).map((op) => ({
  name: `quantized ${op}: ties`,
  graph: graphText(
    `input %a: ${quantizedText('uint8', '40, 25', 0.5, 128)}`,
    `input %b: ${quantizedText('uint8', '40, 25', op === 'Add' ? 0.5 : 0.25, 3)}`,
    `%y: ${quantizedText('uint8', '*', op === 'Add' ? 1 : 0.25, 128)} = ${op}(%a, %b)`,
    'output %y',
  ),
}));

const qlinear: readonly ConformanceCase[] = (['QLinearAdd', 'QLinearMul'] as const).flatMap((op) =>
  (['uint8', 'int8'] as const).map((dtype: Byte) => ({
    name: `${op}: ${dtype}`,
    values: {
      sa: float32([0.031], []),
      sb: float32([0.0457], []),
      sy: float32([op === 'QLinearAdd' ? 0.061 : 0.12], []),
      za: fromNumbers(dtype, [], [100]),
      zb: fromNumbers(dtype, [], [20]),
      zy: fromNumbers(dtype, [], [7]),
    },
    graph: graphText(
      `input %a: ${dtype}[4, 33]`,
      `input %b: ${dtype}[4, 33]`,
      ...['a', 'b', 'y'].flatMap((name) => [`value %s${name}: float32[]`, `value %z${name}: ${dtype}[]`]),
      `%y = com.microsoft::${op}(%a, %sa, %za, %b, %sb, %zb, %sy, %zy)`,
      'output %y',
    ),
  })),
);

const clamps: readonly ConformanceCase[] = [
  {
    name: 'quantized Relu: equal qparams',
    graph: graphText(
      `input %x: ${quantizedText('uint8', '3, 40', 0.05, 97)}`,
      `%y: ${quantizedText('uint8', '3, 40', 0.05, 97)} = Relu(%x)`,
      'output %y',
    ),
  },
  {
    name: 'quantized Relu: other qparams',
    graph: graphText(
      `input %x: ${quantizedText('int8', '3, 40', 0.05, -20)}`,
      `%y: ${quantizedText('uint8', '3, 40', 0.03, 0)} = Relu(%x)`,
      'output %y',
    ),
  },
  {
    name: 'quantized Clip: equal qparams',
    graph: graphText(
      `input %x: ${quantizedText('int8', '3, 40', 0.11, -20)}`,
      'const %low: float32[] = 0',
      'const %high: float32[] = 6',
      `%y: ${quantizedText('int8', '3, 40', 0.11, -20)} = Clip(%x, %low, %high)`,
      'output %y',
    ),
  },
  {
    name: 'quantized LeakyRelu',
    graph: graphText(
      `input %x: ${quantizedText('int8', '3, 40', 0.11, -20)}`,
      `%y: ${quantizedText('int8', '3, 40', 0.09, 4)} = LeakyRelu(%x) {alpha=0.1}`,
      'output %y',
    ),
  },
];

/** Element by element on quantized values. */
export const quantizedElementwiseCases: readonly ConformanceCase[] = [
  ...typed,
  ...ties,
  ...qlinear,
  ...clamps,
];
