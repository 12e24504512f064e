import type { Kernel } from '@octavo/backend';
import { col2Im } from './col2im.js';
import { deformConv } from './deform-conv.js';
import { gridSampleKernels } from './grid-sample.js';
import { maxUnpool } from './max-unpool.js';
import { nonMaxSuppression } from './non-max-suppression.js';
import { roiAlignKernels } from './roi-align.js';

export const visionKernels: readonly Kernel[] = [
  nonMaxSuppression,
  ...roiAlignKernels,
  ...gridSampleKernels,
  col2Im,
  maxUnpool,
  deformConv,
];
