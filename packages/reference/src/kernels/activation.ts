import { defineKernel, type Kernel } from '@octavo/backend';
import { SwiGLU, swish } from '@octavo/core/ir';
import { zipElements } from '../arithmetic.js';
import { operand } from '../operand.js';
import { clipKernels } from './clip.js';
import { prelu } from './prelu.js';

const swiGlu = defineKernel(SwiGLU, {
  prepare: ({ attributes: { alpha } }) => {
    const gate = swish(alpha);
    return (inputs) => [zipElements(operand(inputs, 0), operand(inputs, 1), { real: (a, b) => gate(a) * b })];
  },
});

export const activationKernels: readonly Kernel[] = [swiGlu, prelu, ...clipKernels];
