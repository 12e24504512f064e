import type { ConformanceCase } from '../conformance-case.js';
import { graphText, productScale, quantizedText, scalesAround } from './graph-text.js';

interface ProductSpec {
  readonly op: 'Gemm' | 'MatMul';
  readonly what: string;
  readonly a: readonly [dtype: string, shape: readonly number[], zero: number];
  /** `[..., k, n]`, or `[n, k]` with `transB`. */
  readonly b: readonly [dtype: string, shape: readonly number[]];
  readonly y: readonly [dtype: string, zero: number];
  readonly weightZeros?: number | readonly number[];
  readonly perColumn?: boolean;
  /** Shape of the bias. */
  readonly bias?: readonly number[];
  readonly transB?: boolean;
  readonly transA?: boolean;
  /** Whether b is an input like a. */
  readonly dynamic?: boolean;
}

const [A_SCALE, B_SCALE] = [0.023, 0.0079];

function productCase(spec: ProductSpec): ConformanceCase {
  const [aType, aShape, aZero] = spec.a;
  const [bType, bShape] = spec.b;
  const axis = spec.transB ? 0 : bShape.length - 1;
  const columns = bShape[axis] ?? 1;
  const terms = bShape[spec.transB ? 1 : Math.max(0, bShape.length - 2)] ?? 1;
  const scales = spec.perColumn ? scalesAround(B_SCALE, columns) : [B_SCALE];
  const biasScales = scales.map((scale) => Math.fround(Math.fround(A_SCALE) * Math.fround(scale)));
  const biasShape = spec.bias?.join(', ') ?? '';
  const attributes = [spec.transA ? 'transA=1' : '', spec.transB ? 'transB=1' : '']
    .filter(Boolean)
    .join(', ');
  const [yType, yZero] = spec.y;
  const y =
    yType === 'float32'
      ? 'float32[*]'
      : quantizedText(yType, '*', productScale(A_SCALE, B_SCALE, terms), yZero);
  return {
    name: `quantized ${spec.op}: ${spec.what}`,
    graph: graphText(
      `input %a: ${quantizedText(aType, aShape.join(', '), A_SCALE, aZero)}`,
      `${spec.dynamic ? 'input' : 'value'} %b: ${quantizedText(bType, bShape.join(', '), scales, spec.weightZeros ?? 0, axis)}`,
      ...(spec.bias
        ? [`value %c: ${quantizedText('int32', biasShape, biasScales, 0, spec.bias.length - 1)}`]
        : []),
      `%y: ${y} = ${spec.op}(%a, %b${spec.bias ? ', %c' : ''})${attributes ? ` {${attributes}}` : ''}`,
      'output %y',
    ),
  };
}

const SPECS: readonly ProductSpec[] = [
  { op: 'Gemm', what: 'one row', a: ['uint8', [1, 9], 128], b: ['int8', [9, 5]], y: ['uint8', 0] },
  {
    op: 'Gemm',
    what: 'bias and weights per column',
    a: ['uint8', [5, 67], 13],
    b: ['int8', [67, 9]],
    y: ['uint8', 128],
    perColumn: true,
    bias: [9],
  },
  {
    op: 'Gemm',
    what: 'transB',
    a: ['uint8', [7, 33], 255],
    b: ['int8', [65, 33]],
    y: ['int8', 3],
    perColumn: true,
    bias: [65],
    transB: true,
  },
  {
    op: 'Gemm',
    what: 'a bias of shape [1, n]',
    a: ['int8', [3, 8], -3],
    b: ['int8', [8, 4]],
    y: ['int8', 0],
    bias: [1, 4],
  },
  {
    op: 'Gemm',
    what: 'a bias of one column',
    a: ['int8', [4, 8], -3],
    b: ['int8', [8, 4]],
    y: ['int8', 0],
    bias: [4, 1],
  },
  {
    op: 'Gemm',
    what: 'a scalar bias',
    a: ['int8', [3, 8], -3],
    b: ['int8', [8, 4]],
    y: ['int8', 0],
    bias: [],
  },
  {
    op: 'Gemm',
    what: 'transA',
    a: ['uint8', [8, 3], 5],
    b: ['int8', [8, 4]],
    y: ['uint8', 128],
    transA: true,
  },
  {
    op: 'Gemm',
    what: 'unsigned weights with zero points per column',
    a: ['uint8', [6, 20], 7],
    b: ['uint8', [20, 3]],
    y: ['uint8', 128],
    perColumn: true,
    weightZeros: [0, 128, 255],
    bias: [3],
  },
  {
    op: 'Gemm',
    what: 'float output',
    a: ['uint8', [6, 70], 7],
    b: ['int8', [70, 11]],
    y: ['float32', 0],
    perColumn: true,
    bias: [11],
  },
  {
    op: 'Gemm',
    what: 'float output, transB and unsigned weights',
    a: ['int8', [3, 19], 7],
    b: ['uint8', [5, 19]],
    y: ['float32', 0],
    weightZeros: 128,
    transB: true,
  },
  { op: 'MatMul', what: 'rank 2', a: ['uint8', [13, 70], 128], b: ['int8', [70, 66]], y: ['uint8', 128] },
  {
    op: 'MatMul',
    what: 'rank 3 with constant weights',
    a: ['uint8', [2, 3, 19], 1],
    b: ['int8', [19, 17]],
    y: ['int8', -9],
    perColumn: true,
  },
  {
    op: 'MatMul',
    what: 'a vector on the left',
    a: ['uint8', [19], 1],
    b: ['int8', [19, 4]],
    y: ['uint8', 128],
  },
  {
    op: 'MatMul',
    what: 'a batch on both sides',
    a: ['uint8', [3, 2, 5], 100],
    b: ['int8', [3, 5, 4]],
    y: ['uint8', 128],
    dynamic: true,
  },
  {
    op: 'MatMul',
    what: 'two activations',
    a: ['uint8', [4, 9], 100],
    b: ['uint8', [9, 6]],
    y: ['uint8', 128],
    weightZeros: 99,
    dynamic: true,
  },
  {
    op: 'MatMul',
    what: 'signed times unsigned',
    a: ['int8', [4, 130], 127],
    b: ['uint8', [130, 3]],
    y: ['int8', 0],
    weightZeros: 1,
  },
  {
    op: 'MatMul',
    what: 'signed weights with zero points per column',
    a: ['int8', [4, 30], -128],
    b: ['int8', [30, 3]],
    y: ['int8', 0],
    weightZeros: [-128, 0, 127],
    perColumn: true,
  },
  {
    op: 'MatMul',
    what: 'float output',
    a: ['uint8', [2, 3, 40], 120],
    b: ['int8', [40, 33]],
    y: ['float32', 0],
    perColumn: true,
  },
  {
    op: 'MatMul',
    what: 'float output of two activations',
    a: ['uint8', [4, 9], 100],
    b: ['uint8', [9, 6]],
    y: ['float32', 0],
    weightZeros: 99,
    dynamic: true,
  },
  { op: 'MatMul', what: 'sums of one term', a: ['uint8', [5, 1], 4], b: ['int8', [1, 3]], y: ['uint8', 128] },
];

/** beta scales a bias that is not there. */
const withoutBias: ConformanceCase = {
  name: 'quantized Gemm: beta without a bias',
  graph: graphText(
    `input %a: ${quantizedText('uint8', '9, 33', 0.5, 128)}`,
    `value %b: ${quantizedText('int8', '33, 17', 0.5, 0)}`,
    `%y: ${quantizedText('uint8', '9, 17', 200, 128)} = Gemm(%a, %b) {beta=0.0}`,
    'output %y',
  ),
};

/** Sums beyond 2^24, where float32 has no fractions: their conversion rounds to nearest even. */
const largeSums: readonly ConformanceCase[] = (
  [
    ['requantized', quantizedText('uint8', '8, 33', 2 ** 23, 128)],
    ['dequantized', 'float32[8, 33]'],
  ] as const
).map(([what, y]) => ({
  name: `quantized Gemm: sums beyond 2^24, ${what}`,
  values: { c: 'extremes' },
  graph: graphText(
    `input %a: ${quantizedText('uint8', '8, 19', 1, 1)}`,
    `value %b: ${quantizedText('int8', '19, 33', 1, 0)}`,
    `value %c: ${quantizedText('int32', '33', 1, 0)}`,
    `%y: ${y} = Gemm(%a, %b, %c)`,
    'output %y',
  ),
}));

/** Gemm and MatMul on quantized values. */
export const quantizedProductCases: readonly ConformanceCase[] = [
  ...SPECS.map(productCase),
  withoutBias,
  ...largeSums,
];
