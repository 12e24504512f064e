import { typeOf } from '../dims.js';
import { defineOp, type Op } from '../op.js';
import type { Value } from '../value.js';
import { convAttributes, convDims, perChannelDims } from './conv.js';
import { matMulDims } from './matmul.js';
import { axisOf, checkPerGroup, columnsOf, rowsOf, WHOLE } from './operand-sizes.js';

/** `(A - a_zero_point) (B - b_zero_point)` in int32; zero points per tensor, per row of A, per column of B. */
export const MatMulInteger = defineOp({
  name: 'MatMulInteger',
  since: 10,
  inputs: ['A', 'B', 'a_zero_point?', 'b_zero_point?'],
  outputs: ['Y'],
  inferTypes: ({ inputs: { A, B, a_zero_point, b_zero_point } }) => {
    checkPerGroup({ a_zero_point }, rowsOf(A.shape));
    checkPerGroup({ b_zero_point }, columnsOf(B.shape));
    return [typeOf('int32', matMulDims(A.shape, B.shape))];
  },
});

/** Convolution of `x - x_zero_point` with `w - w_zero_point` in int32; w's zero point may be per output channel. */
export const ConvInteger = defineOp({
  name: 'ConvInteger',
  since: 10,
  inputs: ['x', 'w', 'x_zero_point?', 'w_zero_point?'],
  outputs: ['y'],
  attributes: convAttributes,
  inferTypes: ({ inputs: { x, w, x_zero_point, w_zero_point }, attributes }) => {
    checkPerGroup({ x_zero_point }, WHOLE);
    checkPerGroup({ w_zero_point }, axisOf(w.shape, 0, 'output channel'));
    return [typeOf('int32', convDims(x.shape, w.shape, attributes))];
  },
});

/** Refuses qparams of a convolution that fit neither the tensors nor the output channels. Throws `INFER_TYPES`. */
export function checkConvQparams(inputs: Readonly<Record<'w' | ConvQparams, Value>>): void {
  const { x_scale, x_zero_point, w, w_scale, w_zero_point, y_scale, y_zero_point } = inputs;
  checkPerGroup({ x_scale, x_zero_point, y_scale, y_zero_point }, WHOLE);
  checkPerGroup({ w_scale, w_zero_point }, axisOf(w.shape, 0, 'output channel'));
}

type ConvQparams = `${'x' | 'w' | 'y'}_${'scale' | 'zero_point'}`;

/** Quantized convolution; w's qparams may be per output channel, B is int32 with scale `x_scale * w_scale`. */
export const QLinearConv = defineOp({
  name: 'QLinearConv',
  since: 10,
  inputs: ['x', 'x_scale', 'x_zero_point', 'w', 'w_scale', 'w_zero_point', 'y_scale', 'y_zero_point', 'B?'],
  outputs: ['y'],
  attributes: convAttributes,
  inferTypes: ({ inputs, attributes }) => {
    checkConvQparams(inputs);
    return [
      typeOf(
        inputs.y_zero_point.dtype,
        perChannelDims(convDims(inputs.x.shape, inputs.w.shape, attributes), inputs.B),
      ),
    ];
  },
});

/** Quantized matrix product; a's qparams may be per row, b's per column. */
export const QLinearMatMul = defineOp({
  name: 'QLinearMatMul',
  since: 10,
  inputs: ['a', 'a_scale', 'a_zero_point', 'b', 'b_scale', 'b_zero_point', 'y_scale', 'y_zero_point'],
  outputs: ['y'],
  inferTypes: ({ inputs: { a, a_scale, a_zero_point, b, b_scale, b_zero_point, y_scale, y_zero_point } }) => {
    checkPerGroup({ a_scale, a_zero_point }, rowsOf(a.shape));
    checkPerGroup({ b_scale, b_zero_point }, columnsOf(b.shape));
    checkPerGroup({ y_scale, y_zero_point }, WHOLE);
    return [typeOf(y_zero_point.dtype, matMulDims(a.shape, b.shape))];
  },
});

export const integerOps: readonly Op[] = [MatMulInteger, ConvInteger, QLinearConv, QLinearMatMul];
