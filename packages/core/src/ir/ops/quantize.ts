import { dtypeFromOnnx } from '../../tensor/index.js';
import { attr } from '../attribute.js';
import { realDType, typeOf } from '../dims.js';
import { defineOp, type Op } from '../op.js';
import { axisOf, checkPerGroup } from './operand-sizes.js';

/**
 * `sat(rne(x / y_scale) + y_zero_point)`: per tensor (scalar scale), per `axis` (1-D scale) or per block
 * (`block_size` > 0, scale of x's rank). The output dtype is the zero point's, `output_dtype`, or uint8.
 */
export const QuantizeLinear = defineOp({
  name: 'QuantizeLinear',
  since: 10,
  inputs: ['x', 'y_scale', 'y_zero_point?'],
  outputs: ['y'],
  attributes: {
    axis: attr.int(1),
    block_size: attr.int(0),
    output_dtype: attr.int(0),
    precision: attr.int(0),
    saturate: attr.int(1),
  },
  inferTypes: ({ inputs: { x, y_scale, y_zero_point }, attributes }) => {
    if (attributes.block_size === 0)
      checkPerGroup({ y_scale, y_zero_point }, axisOf(x.shape, attributes.axis, 'element along the axis'));
    return [typeOf(y_zero_point?.dtype ?? dtypeFromOnnx(attributes.output_dtype) ?? 'uint8', x.shape)];
  },
});

/** `(x - x_zero_point) * x_scale`, with the granularities of QuantizeLinear. */
export const DequantizeLinear = defineOp({
  name: 'DequantizeLinear',
  since: 10,
  inputs: ['x', 'x_scale', 'x_zero_point?'],
  outputs: ['y'],
  attributes: { axis: attr.int(1), block_size: attr.int(0), output_dtype: attr.int(0) },
  inferTypes: ({ inputs: { x, x_scale, x_zero_point }, attributes }) => {
    if (attributes.block_size === 0)
      checkPerGroup({ x_scale, x_zero_point }, axisOf(x.shape, attributes.axis, 'element along the axis'));
    return [typeOf(dtypeFromOnnx(attributes.output_dtype) ?? x_scale.dtype, x.shape)];
  },
});

/** Quantizes to uint8 over the range of x, extended to contain 0. */
export const DynamicQuantizeLinear = defineOp({
  name: 'DynamicQuantizeLinear',
  since: 11,
  inputs: ['x'],
  outputs: ['y', 'y_scale', 'y_zero_point'],
  inferTypes: ({ inputs }) => [
    typeOf('uint8', inputs.x.shape),
    typeOf(realDType(inputs.x), []),
    typeOf('uint8', []),
  ],
});

export const quantizeOps: readonly Op[] = [QuantizeLinear, DequantizeLinear, DynamicQuantizeLinear];
