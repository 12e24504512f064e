import { attr } from '../attribute.js';
import { axisIn, realDType, sameType, typeOf } from '../dims.js';
import { defineOp, type Op } from '../op.js';
import { perChannelDims } from './conv.js';

/**
 * `(x - mean) / sqrt(var + epsilon) * scale + B` for each channel. With `training_mode` mean and variance are the
 * batch's own, and the running ones leave through the further outputs.
 */
export const BatchNormalization = defineOp({
  name: 'BatchNormalization',
  since: 7,
  inputs: ['X', 'scale', 'B', 'input_mean', 'input_var'],
  outputs: ['Y', 'running_mean?', 'running_var?', 'saved_mean?', 'saved_var?'],
  attributes: {
    epsilon: attr.float(Math.fround(1e-5)),
    momentum: attr.float(Math.fround(0.9)),
    spatial: attr.int(1),
    training_mode: attr.int(0),
  },
  inferTypes: ({ inputs }) => [
    typeOf(
      realDType(inputs.X),
      [inputs.scale, inputs.B, inputs.input_mean, inputs.input_var].reduce(perChannelDims, inputs.X.shape),
    ),
    ...sameType(inputs.input_mean),
    ...sameType(inputs.input_var),
    ...sameType(inputs.input_mean),
    ...sameType(inputs.input_var),
  ],
});

/** Normalizes each channel of each sample over its spatial axes. */
export const InstanceNormalization = defineOp({
  name: 'InstanceNormalization',
  inputs: ['input', 'scale', 'B'],
  outputs: ['output'],
  attributes: { epsilon: attr.float(Math.fround(1e-5)) },
  inferTypes: ({ inputs }) => [
    typeOf(realDType(inputs.input), [inputs.scale, inputs.B].reduce(perChannelDims, inputs.input.shape)),
  ],
});

/** Normalizes over the axes from `axis` to the last; `Scale` and `B` broadcast to X. */
export const LayerNormalization = defineOp({
  name: 'LayerNormalization',
  since: 17,
  inputs: ['X', 'Scale', 'B?'],
  outputs: ['Y', 'Mean?', 'InvStdDev?'],
  attributes: { axis: attr.int(-1), epsilon: attr.float(Math.fround(1e-5)), stash_type: attr.int(1) },
  inferTypes: ({ inputs, attributes }) => {
    const shape = inputs.X.shape;
    const first = shape ? axisIn(attributes.axis, shape.length) : 0;
    const reduced = shape?.map((dim, axis) => (axis < first ? dim : 1));
    return [...sameType(inputs.X), typeOf('float32', reduced), typeOf('float32', reduced)];
  },
});

const groupAttributes = {
  epsilon: attr.float(Math.fround(1e-5)),
  num_groups: attr.required.int(),
  stash_type: attr.int(1),
};

/** Normalizes groups of channels of each sample; `scale` and `bias` have one entry a channel. */
export const GroupNormalization = defineOp({
  name: 'GroupNormalization',
  since: 21,
  inputs: ['X', 'scale', 'bias'],
  outputs: ['Y'],
  attributes: groupAttributes,
  inferTypes: ({ inputs }) => sameType(inputs.X),
});

/** GroupNormalization whose `scale` and `bias` have one entry a group. */
export const GroupNormalization18 = defineOp({
  name: 'GroupNormalization',
  since: 18,
  inputs: ['X', 'scale', 'bias'],
  outputs: ['Y'],
  attributes: groupAttributes,
  inferTypes: ({ inputs }) => sameType(inputs.X),
});

/** `x / sqrt(mean(x^2) + epsilon) * scale` over the axes from `axis` to the last. */
export const RMSNormalization = defineOp({
  name: 'RMSNormalization',
  since: 23,
  inputs: ['X', 'scale'],
  outputs: ['Y'],
  attributes: { axis: attr.int(-1), epsilon: attr.float(Math.fround(1e-5)), stash_type: attr.int(1) },
  inferTypes: ({ inputs }) => [typeOf(realDType(inputs.X), inputs.X.shape)],
});

/** `x / ||x||_p` along `axis`; a zero norm gives zeros. */
export const LpNormalization = defineOp({
  name: 'LpNormalization',
  inputs: ['input'],
  outputs: ['output'],
  attributes: { axis: attr.int(-1), p: attr.int(2) },
  inferTypes: ({ inputs }) => sameType(inputs.input),
});

/** `(x - mean) / (sqrt(variance) + 1e-9)` over `axes`. */
export const MeanVarianceNormalization = defineOp({
  name: 'MeanVarianceNormalization',
  since: 9,
  inputs: ['X'],
  outputs: ['Y'],
  attributes: { axes: attr.ints([0, 2, 3]) },
  inferTypes: ({ inputs }) => sameType(inputs.X),
});

/** `x / (bias + alpha / size * sum of squares over `size` neighbouring channels)^beta`. */
export const LRN = defineOp({
  name: 'LRN',
  inputs: ['X'],
  outputs: ['Y'],
  attributes: {
    alpha: attr.float(Math.fround(1e-4)),
    beta: attr.float(0.75),
    bias: attr.float(1),
    size: attr.required.int(),
  },
  inferTypes: ({ inputs }) => sameType(inputs.X),
});

export const normalizationOps: readonly Op[] = [
  BatchNormalization,
  InstanceNormalization,
  LayerNormalization,
  GroupNormalization,
  GroupNormalization18,
  RMSNormalization,
  LpNormalization,
  MeanVarianceNormalization,
  LRN,
];
