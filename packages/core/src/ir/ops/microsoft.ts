import { attr } from '../attribute.js';
import { elementwise, realDType, sameType, typeOf } from '../dims.js';
import { defineOp, type Op } from '../op.js';
import type { TensorType, Value } from '../value.js';
import { convAttributes, convDims } from './conv.js';
import { checkSize } from './operand-sizes.js';

const domain = 'com.microsoft';

/**
 * `A dequantize(B)' + bias` with A `[..., K]` and B `[N, blocks, block_size * bits / 8]`: weights of `bits` bits, low
 * bits first, one scale for each block of a row; zero points packed like weights, or of A's dtype, by default
 * `2^(bits - 1)`. `accuracy_level` 4 quantizes each block of A's rows to int8.
 */
export const MatMulNBits = defineOp({
  name: 'MatMulNBits',
  domain,
  inputs: ['A', 'B', 'scales', 'zero_points?', 'g_idx?', 'bias?'],
  outputs: ['Y'],
  attributes: {
    K: attr.required.int(),
    N: attr.required.int(),
    accuracy_level: attr.int(0),
    bits: attr.int(4),
    block_size: attr.required.int(),
  },
  inferTypes: ({ inputs, attributes }) => {
    const { A, B, scales, zero_points } = inputs;
    const { K, N, bits, block_size: size } = attributes;
    const blocks = Math.ceil(K / size);
    const bytes = (count: number) => Math.ceil((count * bits) / 8);
    const from = `K ${K}, N ${N}, bits ${bits} and block_size ${size}`;
    checkSize('B', B, N * blocks * bytes(size), from);
    checkSize('scales', scales, N * blocks, from);
    checkSize(
      'zero_points',
      zero_points,
      N * (zero_points?.dtype === 'uint8' ? bytes(blocks) : blocks),
      from,
    );
    return [typeOf(realDType(A), A.shape && [...A.shape.slice(0, -1), N])];
  },
});

/**
 * `A dequantize(B)'` with A `[..., K]` and B of `N * K` 4-bit codes, row by row, the first in the high bits: each is a
 * number of the FP4 (`quant_type` 0) or NF4 (1) table times the `absmax` of its `block_size` codes.
 */
export const MatMulBnb4 = defineOp({
  name: 'MatMulBnb4',
  domain,
  inputs: ['A', 'B', 'absmax'],
  outputs: ['Y'],
  attributes: {
    K: attr.required.int(),
    N: attr.required.int(),
    block_size: attr.required.int(),
    quant_type: attr.required.int(),
    training_mode: attr.int(0),
    transB: attr.int(1),
  },
  inferTypes: ({ inputs, attributes }) => {
    const shape = inputs.A.shape;
    return [typeOf(realDType(inputs.A), shape && [...shape.slice(0, -1), attributes.N])];
  },
});

/** Rows (`gather_axis`) of block-quantized `data`, dequantized; 4-bit data may be packed in uint8. */
export const GatherBlockQuantized = defineOp({
  name: 'GatherBlockQuantized',
  domain,
  inputs: ['data', 'indices', 'scales', 'zero_points?'],
  outputs: ['output'],
  attributes: {
    bits: attr.int(4),
    block_size: attr.int(128),
    gather_axis: attr.int(0),
    quantize_axis: attr.int(1),
  },
  inferTypes: ({ inputs, attributes }) => {
    const [data, indices] = [inputs.data.shape, inputs.indices.shape];
    const axis = attributes.gather_axis;
    if (!data || !indices || axis < 0 || axis >= data.length) return [typeOf(inputs.scales.dtype)];
    const perSlot = inputs.data.dtype === 'uint8' ? 8 / attributes.bits : 1;
    const sizes = data.map((dim, index) =>
      index < data.length - 1 ? dim : typeof dim === 'number' ? dim * perSlot : perSlot === 1 ? dim : null,
    );
    return [typeOf(inputs.scales.dtype, [...sizes.slice(0, axis), ...indices, ...sizes.slice(axis + 1)])];
  },
});

/** Convolution, then addition of Z, then an activation by name. */
export const FusedConv = defineOp({
  name: 'FusedConv',
  domain,
  inputs: ['X', 'W', 'B?', 'Z?'],
  outputs: ['Y'],
  attributes: { ...convAttributes, activation: attr.string(''), activation_params: attr.floats([]) },
  inferTypes: ({ inputs, attributes }) => [
    typeOf(realDType(inputs.X), convDims(inputs.X.shape, inputs.W.shape, attributes)),
  ],
});

/** `x Phi(x)`. */
export const MicrosoftGelu = defineOp({
  name: 'Gelu',
  domain,
  inputs: ['X'],
  outputs: ['Y'],
  inferTypes: ({ inputs }) => sameType(inputs.X),
});

/** Gelu of `A + B`. */
export const BiasGelu = defineOp({
  name: 'BiasGelu',
  domain,
  inputs: ['A', 'B'],
  outputs: ['C'],
  inferTypes: ({ inputs }) => elementwise([inputs.A, inputs.B]),
});

/** The tanh form of Gelu of `X + bias`. */
export const FastGelu = defineOp({
  name: 'FastGelu',
  domain,
  inputs: ['X', 'bias?'],
  outputs: ['Y'],
  inferTypes: ({ inputs }) => sameType(inputs.X),
});

/** `x sigmoid(alpha x)`. */
export const QuickGelu = defineOp({
  name: 'QuickGelu',
  domain,
  inputs: ['X'],
  outputs: ['Y'],
  attributes: { alpha: attr.float(Math.fround(1.702)) },
  inferTypes: ({ inputs }) => sameType(inputs.X),
});

/** Types of the normalized sum, of mean and scale of each row, and of the sum itself. */
function skipTypes(input: Value): readonly (TensorType | undefined)[] {
  const reduced = typeOf('float32', input.shape && [...input.shape.slice(0, -1), 1]);
  return [...sameType(input), reduced, reduced, ...sameType(input)];
}

/** LayerNormalization of `input + skip + bias` over the last axis; output 3 is that sum. */
export const SkipLayerNormalization = defineOp({
  name: 'SkipLayerNormalization',
  domain,
  inputs: ['input', 'skip', 'gamma', 'beta?', 'bias?'],
  outputs: ['output', 'mean?', 'inv_std_var?', 'input_skip_bias_sum?'],
  attributes: { epsilon: attr.float(Math.fround(1e-12)) },
  inferTypes: ({ inputs }) => skipTypes(inputs.input),
});

/** RMS normalization of `input + skip + bias` over the last axis; output 3 is that sum. */
export const SkipSimplifiedLayerNormalization = defineOp({
  name: 'SkipSimplifiedLayerNormalization',
  domain,
  inputs: ['input', 'skip', 'gamma', 'bias?'],
  outputs: ['output', 'mean?', 'inv_std_var?', 'input_skip_bias_sum?'],
  attributes: { epsilon: attr.float(Math.fround(1e-12)) },
  inferTypes: ({ inputs }) => skipTypes(inputs.input),
});

/** RMS normalization as onnxruntime registers it in ONNX's own domain. */
export const SimplifiedLayerNormalization = defineOp({
  name: 'SimplifiedLayerNormalization',
  inputs: ['X', 'scale'],
  outputs: ['Y', 'inv_std_var?'],
  attributes: { axis: attr.int(-1), epsilon: attr.float(Math.fround(1e-5)), stash_type: attr.int(1) },
  inferTypes: ({ inputs }) => sameType(inputs.X),
});

export const microsoftOps: readonly Op[] = [
  MatMulNBits,
  MatMulBnb4,
  GatherBlockQuantized,
  FusedConv,
  MicrosoftGelu,
  BiasGelu,
  FastGelu,
  QuickGelu,
  SkipLayerNormalization,
  SkipSimplifiedLayerNormalization,
  SimplifiedLayerNormalization,
];
