import { defineKernel } from '@octavo/backend';
import { MaxUnpool, unpooledDims } from '@octavo/core/ir';
import { elementCount, stridesOf, toNumbers } from '@octavo/core/tensor';
import { floats, floatTensor, resultArray } from '../floats.js';
import { integers } from '../integer-operands.js';
import { operand } from '../operand.js';

/** Indices count in the shape that the window gives; a larger `output_shape` is filled up with zeros at the ends. */
export const maxUnpool = defineKernel(MaxUnpool, {
  prepare:
    ({ attributes }) =>
    (inputs) => {
      const [x, indices] = [operand(inputs, 0), toNumbers(operand(inputs, 1))];
      const indexed = unpooledDims(x.shape, attributes).map(Number);
      const shape = integers(inputs[2]) ?? indexed;
      const [from, to] = [stridesOf(indexed), stridesOf(shape)];
      const values = floats(x);
      const out = resultArray(x.dtype, elementCount(shape));
      values.forEach((value, i) => {
        const index = indices[i] ?? 0;
        const at = indexed.reduce(
          (sum, size, axis) => sum + (Math.floor(index / (from[axis] ?? 1)) % size) * (to[axis] ?? 1),
          0,
        );
        out[at] = value;
      });
      return [floatTensor(x.dtype, shape, out)];
    },
});
