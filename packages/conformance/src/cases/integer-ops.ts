import { float32, fromNumbers, type Tensor } from '@octavo/core/tensor';
import type { ConformanceCase } from '../conformance-case.js';
import { graphText, productScale, scalesAround } from './graph-text.js';

type Byte = 'int8' | 'uint8';

const one = (dtype: Byte, value: number): Tensor => fromNumbers(dtype, [], [value]);
const scale = (value: number): Tensor => float32([value], []);

const SIGNS: readonly (readonly [Byte, Byte])[] = [
  ['uint8', 'int8'],
  ['int8', 'int8'],
  ['uint8', 'uint8'],
  ['int8', 'uint8'],
];

/** A product of integers without requantization, for each combination of signs. */
const matMulIntegers: readonly ConformanceCase[] = SIGNS.flatMap(([a, b]) => [
  {
    name: `MatMulInteger: ${a} times ${b} without zero points`,
    graph: graphText(
      `input %a: ${a}[7, 131]`,
      `value %b: ${b}[131, 67]`,
      '%y = MatMulInteger(%a, %b)',
      'output %y',
    ),
  },
  {
    name: `MatMulInteger: ${a} times ${b} with zero points`,
    graph: graphText(
      `input %a: ${a}[2, 5, 18]`,
      `value %b: ${b}[18, 9]`,
      `value %za: ${a}[]`,
      `value %zb: ${b}[9]`,
      '%y = MatMulInteger(%a, %b, %za, %zb)',
      'output %y',
    ),
  },
]);

const otherIntegers: readonly ConformanceCase[] = [
  {
    name: 'MatMulInteger: a zero point for each row, and weights that vary',
    graph: graphText(
      'input %a: uint8[3, 8]',
      'input %b: int8[8, 4]',
      'input %za: uint8[3]',
      '%y = MatMulInteger(%a, %b, %za)',
      'output %y',
    ),
  },
  {
    name: 'ConvInteger: groups, pads and a zero point',
    graph: graphText(
      'input %x: uint8[2, 4, 6, 5]',
      'value %w: int8[6, 2, 3, 3]',
      'value %zx: uint8[]',
      '%y = ConvInteger(%x, %w, %zx) {group=2, pads=[1, 0, 1, 2], strides=[2, 1]}',
      'output %y',
    ),
  },
  {
    name: 'ConvInteger: unsigned weights with a zero point',
    graph: graphText(
      'input %x: uint8[1, 3, 5]',
      'value %w: uint8[4, 3, 2]',
      'value %zx: uint8[]',
      'value %zw: uint8[]',
      '%y = ConvInteger(%x, %w, %zx, %zw)',
      'output %y',
    ),
  },
];

interface QLinearSpec {
  readonly what: string;
  readonly x: Byte;
  readonly w: Byte;
  readonly y: Byte;
  readonly perChannel?: boolean;
}

const QLINEAR_SPECS: readonly QLinearSpec[] = [
  { what: 'per tensor', x: 'uint8', w: 'int8', y: 'uint8' },
  { what: 'weights per channel', x: 'uint8', w: 'int8', y: 'uint8', perChannel: true },
  { what: 'signed throughout', x: 'int8', w: 'int8', y: 'int8' },
  { what: 'unsigned throughout', x: 'uint8', w: 'uint8', y: 'uint8' },
];

function qparams(spec: QLinearSpec, channels: number, terms: number): Record<string, Tensor> {
  const weights = spec.perChannel
    ? {
        sw: float32(scalesAround(0.01, channels)),
        zw: fromNumbers(spec.w, [channels], new Array(channels).fill(0)),
      }
    : { sw: scale(0.01), zw: one(spec.w, spec.w === 'uint8' ? 121 : 0) };
  return {
    sx: scale(0.02),
    zx: one(spec.x, 101),
    ...weights,
    sy: scale(productScale(0.02, 0.01, terms)),
    zy: one(spec.y, 99),
  };
}

const QPARAMS = (spec: QLinearSpec, channels: number): readonly string[] => [
  'value %sx: float32[]',
  `value %zx: ${spec.x}[]`,
  `value %sw: float32[${spec.perChannel ? channels : ''}]`,
  `value %zw: ${spec.w}[${spec.perChannel ? channels : ''}]`,
  'value %sy: float32[]',
  `value %zy: ${spec.y}[]`,
];

const qlinearConvs: readonly ConformanceCase[] = QLINEAR_SPECS.map((spec) => ({
  name: `QLinearConv: ${spec.what}`,
  values: qparams(spec, 5, 18),
  graph: graphText(
    `input %x: ${spec.x}[2, 4, 6, 5]`,
    `value %w: ${spec.w}[5, 4, 3, 3]`,
    'value %b: int32[5]',
    ...QPARAMS(spec, 5),
    '%y = QLinearConv(%x, %sx, %zx, %w, %sw, %zw, %sy, %zy, %b) {pads=[1, 1, 0, 1], dilations=[1, 2]}',
    'output %y',
  ),
}));

const qlinearMatMuls: readonly ConformanceCase[] = QLINEAR_SPECS.map((spec) => ({
  name: `QLinearMatMul: ${spec.what}`,
  values: qparams(spec, 35, 67),
  graph: graphText(
    `input %x: ${spec.x}[2, 6, 67]`,
    `value %w: ${spec.w}[67, 35]`,
    ...QPARAMS(spec, 35),
    '%y = QLinearMatMul(%x, %sx, %zx, %w, %sw, %zw, %sy, %zy)',
    'output %y',
  ),
}));

/** Integer ops of ONNX that carry their scales and zero points as operands. */
export const integerOpCases: readonly ConformanceCase[] = [
  ...matMulIntegers,
  ...otherIntegers,
  ...qlinearConvs,
  ...qlinearMatMuls,
];
