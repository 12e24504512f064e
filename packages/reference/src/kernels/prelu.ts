import { defineKernel } from '@octavo/backend';
import { PRelu } from '@octavo/core/ir';
import { zipElements } from '../arithmetic.js';
import { operand } from '../operand.js';

/** `x` where it is not negative, else `slope x`; slope broadcasts to x. */
export const prelu = defineKernel(PRelu, {
  prepare: () => (inputs) => [
    zipElements(operand(inputs, 0), operand(inputs, 1), {
      real: (x, slope) => (x < 0 ? slope * x : x),
      big: (x, slope) => (x < 0n ? slope * x : x),
    }),
  ],
});
