import { dtypeFromOnnx } from '../../tensor/index.js';
import { attr } from '../attribute.js';
import { contradiction, realDType, typeOf } from '../dims.js';
import { defineOp, type Op } from '../op.js';

const rounding = {
  /** Floats of 8 bits and less: 1 clamps values beyond the range, 0 gives infinity or NaN. */
  saturate: attr.int(1),
  /** Only for float8e8m0. */
  round_mode: attr.oneOf('up', 'down', 'nearest'),
};

/** `to` is a `TensorProto.DataType` code. */
export const Cast = defineOp({
  name: 'Cast',
  since: 6,
  inputs: ['input'],
  outputs: ['output'],
  attributes: { to: attr.required.int(), ...rounding },
  inferTypes: ({ inputs, attributes }) => {
    const dtype = dtypeFromOnnx(attributes.to);
    if (!dtype) contradiction(`Cast to ${attributes.to}, which is no element type.`);
    return [typeOf(dtype, inputs.input.shape)];
  },
});

export const CastLike = defineOp({
  name: 'CastLike',
  since: 15,
  inputs: ['input', 'target_type'],
  outputs: ['output'],
  attributes: rounding,
  inferTypes: ({ inputs }) => [typeOf(realDType(inputs.target_type), inputs.input.shape)],
});

/** The bits of each element under another dtype of the same width. */
export const BitCast = defineOp({
  name: 'BitCast',
  since: 26,
  inputs: ['input'],
  outputs: ['output'],
  attributes: { to: attr.required.int() },
  inferTypes: ({ inputs, attributes }) => [typeOf(dtypeFromOnnx(attributes.to), inputs.input.shape)],
});

export const castOps: readonly Op[] = [Cast, CastLike, BitCast];
