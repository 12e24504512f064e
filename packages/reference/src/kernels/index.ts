import type { Kernel } from '@octavo/backend';
import { activationKernels } from './activation.js';
import { convKernels } from './conv.js';
import { elementwiseKernels } from './elementwise.js';
import { integerKernels } from './integer.js';
import { matmulKernels } from './matmul.js';
import { normalizationKernels } from './normalization.js';
import { poolKernels } from './pool.js';
import { quantizeKernels } from './quantize.js';
import { recurrentKernels } from './recurrent.js';
import { softmaxKernels } from './softmax.js';

/** Every reference kernel: one line a family. */
export const referenceKernels: readonly Kernel[] = [
  ...softmaxKernels,
  ...recurrentKernels,
  ...quantizeKernels,
  ...poolKernels,
  ...normalizationKernels,
  ...matmulKernels,
  ...integerKernels,
  ...convKernels,
  ...activationKernels,
  ...elementwiseKernels,
];
