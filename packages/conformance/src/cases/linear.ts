import { float32, fromNumbers } from '@octavo/core/tensor';
import type { ConformanceCase } from '../conformance-case.js';
import { graphText } from './graph-text.js';

const SPECIALS = float32([
  0,
  -0,
  0.5,
  1.5,
  2.5,
  -0.5,
  -1.5,
  Number.NaN,
  Number.POSITIVE_INFINITY,
  Number.NEGATIVE_INFINITY,
  3e38,
  -3e38,
  1e-45,
  127.5,
  128.5,
  -128.5,
]);

const STORAGES = [
  ['uint8', 128],
  ['int8', -3],
  ['uint16', 32768],
  ['int16', 5],
  ['uint4', 7],
  ['int4', -1],
] as const;

const perTensor: readonly ConformanceCase[] = STORAGES.flatMap(
  ([dtype, zero]): readonly ConformanceCase[] => [
    {
      name: `QuantizeLinear: ties, NaN and infinities to ${dtype}`,
      values: { x: SPECIALS },
      extremes: false,
      graph: graphText(
        'input %x: float32[16]',
        'const %s: float32[] = 1',
        `const %z: ${dtype}[] = ${zero}`,
        '%y = QuantizeLinear(%x, %s, %z)',
        'output %y',
      ),
    },
    {
      name: `QuantizeLinear: per tensor to ${dtype}`,
      graph: graphText(
        'input %x: float32[3, 37]',
        'const %s: float32[] = 0.0173',
        `const %z: ${dtype}[] = ${zero}`,
        '%y = QuantizeLinear(%x, %s, %z)',
        'output %y',
      ),
    },
    {
      name: `DequantizeLinear: per tensor from ${dtype}`,
      graph: graphText(
        `input %x: ${dtype}[3, 37]`,
        'const %s: float32[] = 0.0173',
        `const %z: ${dtype}[] = ${zero}`,
        '%y = DequantizeLinear(%x, %s, %z)',
        'output %y',
      ),
    },
  ],
);

const finer: readonly ConformanceCase[] = [
  {
    name: 'QuantizeLinear: per axis',
    graph: graphText(
      'input %x: float32[2, 3, 4]',
      'const %s: float32[3] = [0.01, 0.02, 1.5]',
      'const %z: int8[3] = [0, 9, -128]',
      '%y = QuantizeLinear(%x, %s, %z) {axis=1}',
      'output %y',
    ),
  },
  {
    name: 'QuantizeLinear: per block',
    values: {
      s: float32([0.01, 0.02, 0.03, 0.04, 0.05, 0.06], [2, 3]),
      z: fromNumbers('uint8', [2, 3], [0, 1, 2, 3, 254, 255]),
    },
    graph: graphText(
      'input %x: float32[2, 12]',
      'value %s: float32[2, 3]',
      'value %z: uint8[2, 3]',
      '%y = QuantizeLinear(%x, %s, %z) {axis=1, block_size=4}',
      'output %y',
    ),
  },
  {
    name: 'DequantizeLinear: per axis counted from the end, without zero points',
    graph: graphText(
      'input %x: int8[2, 3, 4]',
      'const %s: float32[4] = [0.01, 0.02, 1.5, -0.5]',
      '%y = DequantizeLinear(%x, %s) {axis=-1}',
      'output %y',
    ),
  },
  {
    name: 'DequantizeLinear: per block from int4',
    graph: graphText(
      'input %x: int4[8, 3]',
      'const %s: float32[4, 3] = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, -1, 1.1, 0]',
      '%y = DequantizeLinear(%x, %s) {axis=0, block_size=2}',
      'output %y',
    ),
  },
  {
    name: 'DequantizeLinear: int32 biases',
    graph: graphText(
      'input %x: int32[5]',
      'const %s: float32[] = 0.00031',
      '%y = DequantizeLinear(%x, %s)',
      'output %y',
    ),
  },
  ...['uint8', 'int8'].map((dtype) => ({
    name: `QuantizeLinear to quantized ${dtype} and back`,
    graph: graphText(
      'input %x: float32[4, 9]',
      'const %s: float32[] = 0.02',
      `const %z: ${dtype}[] = 11`,
      `%q: ${dtype}[4, 9] quantized(scale 0.02, zero 11) = QuantizeLinear(%x, %s, %z)`,
      '%y = DequantizeLinear(%q, %s, %z)',
      'output %q, %y',
    ),
  })),
];

const dynamic: readonly ConformanceCase[] = (
  [
    ['a range on both sides of 0', [-3, 0.1, 7, 2.5, -1.25]],
    ['positive numbers only', [5, 7, 6.5, 5.25, 9]],
    ['negative numbers only', [-5, -7, -6.5, -5.25, -9]],
    ['zeros', [0, 0, 0, -0, 0]],
    ['tiny numbers', [1e-40, -1e-41, 0, 1e-42, 1e-44]],
  ] as const
).map(([what, values]) => ({
  name: `DynamicQuantizeLinear: ${what}`,
  values: { x: float32([...values]) },
  extremes: false,
  graph: graphText('input %x: float32[5]', '%y, %s, %z = DynamicQuantizeLinear(%x)', 'output %y, %s, %z'),
}));

/** QuantizeLinear, DequantizeLinear and DynamicQuantizeLinear. */
export const linearCases: readonly ConformanceCase[] = [
  ...perTensor,
  ...finer,
  ...dynamic,
  {
    name: 'DynamicQuantizeLinear: random numbers',
    graph: graphText(
      'input %x: float32[9, 31]',
      '%y, %s, %z = DynamicQuantizeLinear(%x)',
      'output %y, %s, %z',
    ),
  },
];
