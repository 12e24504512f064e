import { defineKernel, type Kernel, SUPPORTED, unsupported } from '@octavo/backend';
import { DequantizeLinear, type Node, QuantizeLinear } from '@octavo/core/ir';
import { forEachGroupRun } from '@octavo/core/quant';
import { type DType, dtypeFromOnnx, type Tensor, toNumbers } from '@octavo/core/tensor';
import { castTensor } from '../cast-tensor.js';
import { floatTensor } from '../floats.js';
import { granularityOf, type LinearAttributes } from '../linear-type.js';
import { operand } from '../operand.js';
import { isSmallFloat } from '../small-floats.js';

/** Each element combined with its scale, in float32. */
function withScales(
  x: Tensor,
  scale: Tensor,
  attributes: LinearAttributes,
  combine: (value: number, scale: number) => number,
): Float32Array {
  const [values, scales] = [toNumbers(x), toNumbers(scale)];
  const out = new Float32Array(values.length);
  forEachGroupRun(x.shape, granularityOf(scale, attributes), ({ start, count, group, step }) => {
    for (let i = 0; i < count; i++) {
      out[start + i] = combine(values[start + i] ?? 0, scales[group + i * step] ?? 1);
    }
  });
  return out;
}

function smallFloat(dtype: DType | undefined) {
  return dtype && isSmallFloat(dtype)
    ? SUPPORTED
    : unsupported(`quantization to ${dtype ?? 'an unknown dtype'}`);
}

function quantizedDType(node: Node): DType | undefined {
  return node.inputs[2]?.dtype ?? dtypeFromOnnx(QuantizeLinear.attributes(node).output_dtype);
}

/** Small floats have no other zero point. Adding it turns -0 into 0, as the op's formula does. */
const ZERO_POINT = 0;

/** `x / scale + 0`, rounded to the nearest code. */
const quantizeLinear = defineKernel(QuantizeLinear, {
  supports: (node) => smallFloat(quantizedDType(node)),
  prepare: ({ attributes, node }) => {
    const dtype = quantizedDType(node) ?? 'float8e4m3fn';
    const saturate = attributes.saturate !== 0;
    return (inputs) => {
      const x = operand(inputs, 0);
      const scaled = withScales(
        x,
        operand(inputs, 1),
        attributes,
        (value, each) => value / each + ZERO_POINT,
      );
      return [castTensor(floatTensor('float32', x.shape, scaled), dtype, { saturate, rounding: 'nearest' })];
    };
  },
});

/** The number of each code times its scale. */
const dequantizeLinear = defineKernel(DequantizeLinear, {
  supports: (node) => smallFloat(node.inputs[0]?.dtype),
  prepare:
    ({ attributes }) =>
    (inputs) => {
      const [x, scale] = [operand(inputs, 0), operand(inputs, 1)];
      const numbers = castTensor(x, 'float32', { saturate: true, rounding: 'nearest' });
      const out = withScales(numbers, scale, attributes, (value, each) => value * each);
      return [floatTensor(dtypeFromOnnx(attributes.output_dtype) ?? scale.dtype, x.shape, out)];
    },
});

/** QuantizeLinear and DequantizeLinear with floats of 8 and 4 bits. */
export const smallFloatKernels: readonly Kernel[] = [quantizeLinear, dequantizeLinear];
