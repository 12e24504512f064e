import { attr } from '../attribute.js';
import { broadcastDims, channelsFirstDims, channelsLastDims, type Dims, typeOf } from '../dims.js';
import { defineOp, type Op } from '../op.js';
import type { TensorType, Value } from '../value.js';
import { concatDims } from './arrange.js';
import { convAttributes, convDims, perChannelDims } from './conv.js';
import { checkConvQparams } from './integer.js';
import { gemmDims, matMulDims } from './matmul.js';
import { axisOf, checkPerGroup, columnsOf, rowsOf, WHOLE } from './operand-sizes.js';
import { poolAttributes, poolDims } from './pool.js';

const domain = 'com.microsoft';

const binarySlots = [
  'A',
  'A_scale',
  'A_zero_point?',
  'B',
  'B_scale',
  'B_zero_point?',
  'C_scale',
  'C_zero_point?',
] as const;

type BinaryInputs = Readonly<Record<'A' | 'B' | `${'A' | 'B' | 'C'}_scale`, Value>> &
  Readonly<Record<`${'A' | 'B' | 'C'}_zero_point`, Value | undefined>>;

function binaryType(inputs: BinaryInputs): TensorType | undefined {
  const { A, B, A_scale, A_zero_point, B_scale, B_zero_point, C_scale, C_zero_point } = inputs;
  checkPerGroup({ A_scale, A_zero_point, B_scale, B_zero_point, C_scale, C_zero_point }, WHOLE);
  return typeOf(A.dtype, broadcastDims(A.shape, B.shape));
}

/** Quantized addition; see `docs/numerics.md` for the formula. */
export const QLinearAdd = defineOp({
  name: 'QLinearAdd',
  domain,
  inputs: binarySlots,
  outputs: ['C'],
  inferTypes: ({ inputs }) => [binaryType(inputs)],
});

/** Quantized multiplication; see `docs/numerics.md` for the formula. */
export const QLinearMul = defineOp({
  name: 'QLinearMul',
  domain,
  inputs: binarySlots,
  outputs: ['C'],
  inferTypes: ({ inputs }) => [binaryType(inputs)],
});

const unarySlots = ['X', 'X_scale', 'X_zero_point?', 'Y_scale', 'Y_zero_point?'] as const;

/** Sigmoid of the dequantized input, quantized. */
export const QLinearSigmoid = defineOp({
  name: 'QLinearSigmoid',
  domain,
  inputs: unarySlots,
  outputs: ['Y'],
  inferTypes: ({ inputs }) => [typeOf(inputs.X.dtype, inputs.X.shape)],
});

/** LeakyRelu of the dequantized input, quantized. */
export const QLinearLeakyRelu = defineOp({
  name: 'QLinearLeakyRelu',
  domain,
  inputs: unarySlots,
  outputs: ['Y'],
  attributes: { alpha: attr.float(Math.fround(0.01)) },
  inferTypes: ({ inputs }) => [typeOf(inputs.X.dtype, inputs.X.shape)],
});

/** Softmax of the dequantized input, quantized; along one axis from `opset` 13, over all from `axis` before. */
export const QLinearSoftmax = defineOp({
  name: 'QLinearSoftmax',
  domain,
  inputs: unarySlots,
  outputs: ['Y'],
  attributes: { axis: attr.int(-1), opset: attr.required.int() },
  inferTypes: ({ inputs }) => [typeOf(inputs.X.dtype, inputs.X.shape)],
});

function globalPoolDims(x: Dims, channelsLast: boolean): Dims {
  return x?.map((dim, axis) => (axis === 0 || axis === (channelsLast ? x.length - 1 : 1) ? dim : 1));
}

/** Mean over the spatial axes of the dequantized input, quantized. */
export const QLinearGlobalAveragePool = defineOp({
  name: 'QLinearGlobalAveragePool',
  domain,
  inputs: unarySlots,
  outputs: ['Y'],
  attributes: { channels_last: attr.int(0) },
  inferTypes: ({ inputs, attributes }) => [
    typeOf(inputs.X.dtype, globalPoolDims(inputs.X.shape, attributes.channels_last !== 0)),
  ],
});

/** AveragePool of the dequantized input, quantized. */
export const QLinearAveragePool = defineOp({
  name: 'QLinearAveragePool',
  domain,
  inputs: unarySlots,
  outputs: ['Y'],
  attributes: { ...poolAttributes, channels_last: attr.int(0), count_include_pad: attr.int(0) },
  inferTypes: ({ inputs, attributes }) => [
    typeOf(
      inputs.X.dtype,
      attributes.channels_last
        ? channelsLastDims(poolDims(channelsFirstDims(inputs.X.shape), attributes))
        : poolDims(inputs.X.shape, attributes),
    ),
  ],
});

/** QLinearConv whose x and y may have their channels last; w is `[M, C / group, kernel...]` either way. */
export const MicrosoftQLinearConv = defineOp({
  name: 'QLinearConv',
  domain,
  inputs: ['x', 'x_scale', 'x_zero_point', 'w', 'w_scale', 'w_zero_point', 'y_scale', 'y_zero_point', 'B?'],
  outputs: ['y'],
  attributes: { ...convAttributes, channels_last: attr.int(0) },
  inferTypes: ({ inputs, attributes }) => {
    const last = attributes.channels_last !== 0;
    const x = last ? channelsFirstDims(inputs.x.shape) : inputs.x.shape;
    checkConvQparams(inputs);
    const y = perChannelDims(convDims(x, inputs.w.shape, attributes), inputs.B);
    return [typeOf(inputs.y_zero_point.dtype, last ? channelsLastDims(y) : y)];
  },
});

/** Concatenation of dequantized inputs, quantized; `inputs` are triples of tensor, scale and zero point. */
export const QLinearConcat = defineOp({
  name: 'QLinearConcat',
  domain,
  inputs: ['Y_scale', 'Y_zero_point', 'inputs...'],
  outputs: ['Y'],
  attributes: { axis: attr.required.int() },
  inferTypes: ({ inputs, attributes }) => [
    typeOf(inputs.Y_zero_point.dtype, concatDims(everyThird(inputs.inputs), attributes.axis)),
  ],
});

function everyThird(values: readonly (Value | undefined)[]): Dims[] {
  return values.filter((_, index) => index % 3 === 0).map((value) => value?.shape);
}

/** `alpha A' B' + C` of dequantized operands: quantized when `y_scale` is given, else float32. C is int32. */
export const QGemm = defineOp({
  name: 'QGemm',
  domain,
  inputs: ['A', 'a_scale', 'a_zero_point', 'B', 'b_scale', 'b_zero_point', 'C?', 'y_scale?', 'y_zero_point?'],
  outputs: ['Y'],
  attributes: { alpha: attr.float(1), transA: attr.int(0), transB: attr.int(0) },
  inferTypes: ({ inputs, attributes }) => {
    const { A, a_scale, a_zero_point, B, b_scale, b_zero_point, y_scale, y_zero_point } = inputs;
    const [transA, transB] = [attributes.transA !== 0, attributes.transB !== 0];
    checkPerGroup({ a_scale, a_zero_point, y_scale, y_zero_point }, WHOLE);
    checkPerGroup({ b_scale, b_zero_point }, axisOf(B.shape, transB ? 0 : 1, 'column'));
    return [typeOf(y_zero_point?.dtype ?? 'float32', gemmDims(A.shape, B.shape, transA, transB))];
  },
});

/** Float A is quantized as by DynamicQuantizeLinear, multiplied in integers, and scaled back to float. */
export const DynamicQuantizeMatMul = defineOp({
  name: 'DynamicQuantizeMatMul',
  domain,
  inputs: ['A', 'B', 'b_scale', 'b_zero_point?', 'bias?'],
  outputs: ['Y'],
  inferTypes: ({ inputs: { A, B, b_scale, b_zero_point } }) => {
    checkPerGroup({ b_scale, b_zero_point }, columnsOf(B.shape));
    return [typeOf(A.dtype, matMulDims(A.shape, B.shape))];
  },
});

/** MatMulInteger, scaled to float, plus bias. */
export const MatMulIntegerToFloat = defineOp({
  name: 'MatMulIntegerToFloat',
  domain,
  inputs: ['A', 'B', 'a_scale', 'b_scale', 'a_zero_point?', 'b_zero_point?', 'bias?'],
  outputs: ['Y'],
  inferTypes: ({ inputs: { A, B, a_scale, a_zero_point, b_scale, b_zero_point } }) => {
    checkPerGroup({ a_scale, a_zero_point }, rowsOf(A.shape));
    checkPerGroup({ b_scale, b_zero_point }, columnsOf(B.shape));
    return [typeOf(a_scale.dtype, matMulDims(A.shape, B.shape))];
  },
});

/** Elements of X where `condition` is true, else of Y: dequantized, then quantized. */
export const QLinearWhere = defineOp({
  name: 'QLinearWhere',
  domain,
  inputs: [
    'condition',
    'X',
    'x_scale',
    'x_zero_point',
    'Y',
    'y_scale',
    'y_zero_point',
    'z_scale',
    'z_zero_point',
  ],
  outputs: ['Z'],
  inferTypes: ({ inputs: { condition, X, Y } }) => [
    typeOf(X.dtype, broadcastDims(broadcastDims(condition.shape, X.shape), Y.shape)),
  ],
});

/** onnxruntime's QuantizeLinear of 16-bit and 4-bit integers for op sets before 21; means what ONNX's does. */
export const MicrosoftQuantizeLinear = defineOp({
  name: 'QuantizeLinear',
  domain,
  inputs: ['x', 'y_scale', 'y_zero_point?'],
  outputs: ['y'],
  attributes: { axis: attr.int(1), block_size: attr.int(0) },
  inferTypes: ({ inputs }) => [typeOf(inputs.y_zero_point?.dtype ?? 'uint8', inputs.x.shape)],
});

/** The inverse of {@link MicrosoftQuantizeLinear}. */
export const MicrosoftDequantizeLinear = defineOp({
  name: 'DequantizeLinear',
  domain,
  inputs: ['x', 'x_scale', 'x_zero_point?'],
  outputs: ['y'],
  attributes: { axis: attr.int(1), block_size: attr.int(0) },
  inferTypes: ({ inputs }) => [typeOf(inputs.x_scale.dtype, inputs.x.shape)],
});

export const microsoftQuantizedOps: readonly Op[] = [
  QLinearAdd,
  QLinearMul,
  QLinearSigmoid,
  QLinearLeakyRelu,
  QLinearSoftmax,
  QLinearGlobalAveragePool,
  QLinearAveragePool,
  MicrosoftQLinearConv,
  QLinearConcat,
  QGemm,
  DynamicQuantizeMatMul,
  MatMulIntegerToFloat,
  QLinearWhere,
  MicrosoftQuantizeLinear,
  MicrosoftDequantizeLinear,
];
