import { defineKernel, type Kernel } from '@octavo/backend';
import { Constant, ConstantOfShape, constantOf, EyeLike, Range } from '@octavo/core/ir';
import { dtypeFromOnnx, float32, fromNumbers, isBigInt, type Tensor } from '@octavo/core/tensor';
import { fromBigInts, toBigInts } from '../arithmetic.js';
import { resultSize, upTo } from '../indices.js';
import { integers, refuse, scalar } from '../integer-operands.js';
import { operand } from '../operand.js';
import { filled } from '../rearrange.js';

/** `start + i * delta` before `limit`; floats of 16 bits are stepped in higher precision. */
function range(start: Tensor, limit: Tensor, delta: Tensor): Tensor {
  const { dtype } = start;
  if (isBigInt(dtype)) {
    const [from, to, step] = [start, limit, delta].map((tensor) => toBigInts(tensor)[0] ?? 0n);
    if (from === undefined || to === undefined || !step) refuse('Range needs a delta that is not 0.');
    const distance = to - from;
    // Division truncates: only a step towards the limit has a last, shorter stride to count.
    const rest = distance % step !== 0n && distance > 0n === step > 0n;
    const count = Math.max(0, Number(distance / step + (rest ? 1n : 0n)));
    const steps = new BigInt64Array(resultSize([count])).map((_, i) => from + BigInt(i) * step);
    return fromBigInts(dtype, [count], steps);
  }
  const [from, to, step] = [scalar(start), scalar(limit), scalar(delta)];
  if (step === 0) refuse('Range needs a delta that is not 0.');
  const count = Math.max(0, Math.ceil((to - from) / step));
  const steps = new Float64Array(resultSize([count])).map((_, i) => from + i * step);
  return fromNumbers(dtype, [count], steps);
}

export const fillKernels: readonly Kernel[] = [
  defineKernel(Constant, {
    prepare: async ({ node }) => {
      const tensor = await constantOf(node)?.load();
      return () => [tensor ?? refuse('this kind of Constant is not supported.')];
    },
  }),
  defineKernel(ConstantOfShape, {
    prepare: async ({ attributes: { value } }) => {
      const element = (await value?.load()) ?? float32([0]);
      if (element.size !== 1) refuse(`ConstantOfShape repeats one element, found ${element.size}.`);
      return (inputs) => {
        const shape = integers(operand(inputs, 0));
        return [filled(element, shape)];
      };
    },
  }),
  defineKernel(Range, {
    prepare: () => (inputs) => [range(operand(inputs, 0), operand(inputs, 1), operand(inputs, 2))],
  }),
  defineKernel(EyeLike, {
    prepare:
      ({ attributes: { dtype, k } }) =>
      (inputs) => {
        const like = operand(inputs, 0);
        const [, columns = 0] = like.shape;
        const to = dtype === undefined ? like.dtype : dtypeFromOnnx(dtype);
        const ones = upTo(like.size).map((i) => Number((i % columns) - Math.floor(i / columns) === k));
        return [fromNumbers(to ?? refuse(`${dtype} is no element type.`), like.shape, ones)];
      },
  }),
];
