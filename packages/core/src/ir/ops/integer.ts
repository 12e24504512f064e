import { typeOf } from '../dims.js';
import { defineOp, type Op } from '../op.js';
import { convAttributes, convDims, perChannelDims } from './conv.js';
import { matMulDims } from './matmul.js';

/** `(A - a_zero_point) (B - b_zero_point)` in int32; zero points per tensor, per row of A, per column of B. */
export const MatMulInteger = defineOp({
  name: 'MatMulInteger',
  since: 10,
  inputs: ['A', 'B', 'a_zero_point?', 'b_zero_point?'],
  outputs: ['Y'],
  inferTypes: ({ inputs }) => [typeOf('int32', matMulDims(inputs.A.shape, inputs.B.shape))],
});

/** Convolution of `x - x_zero_point` with `w - w_zero_point` in int32; w's zero point may be per output channel. */
export const ConvInteger = defineOp({
  name: 'ConvInteger',
  since: 10,
  inputs: ['x', 'w', 'x_zero_point?', 'w_zero_point?'],
  outputs: ['y'],
  attributes: convAttributes,
  inferTypes: ({ inputs, attributes }) => [
    typeOf('int32', convDims(inputs.x.shape, inputs.w.shape, attributes)),
  ],
});

/** Quantized convolution; w's qparams may be per output channel, B is int32 with scale `x_scale * w_scale`. */
export const QLinearConv = defineOp({
  name: 'QLinearConv',
  since: 10,
  inputs: ['x', 'x_scale', 'x_zero_point', 'w', 'w_scale', 'w_zero_point', 'y_scale', 'y_zero_point', 'B?'],
  outputs: ['y'],
  attributes: convAttributes,
  inferTypes: ({ inputs, attributes }) => [
    typeOf(
      inputs.y_zero_point.dtype,
      perChannelDims(convDims(inputs.x.shape, inputs.w.shape, attributes), inputs.B),
    ),
  ],
});

/** Quantized matrix product; a's qparams may be per row, b's per column. */
export const QLinearMatMul = defineOp({
  name: 'QLinearMatMul',
  since: 10,
  inputs: ['a', 'a_scale', 'a_zero_point', 'b', 'b_scale', 'b_zero_point', 'y_scale', 'y_zero_point'],
  outputs: ['y'],
  inferTypes: ({ inputs }) => [typeOf(inputs.y_zero_point.dtype, matMulDims(inputs.a.shape, inputs.b.shape))],
});

export const integerOps: readonly Op[] = [MatMulInteger, ConvInteger, QLinearConv, QLinearMatMul];
