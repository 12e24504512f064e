import type { Op } from '../op.js';
import { activationOps } from './activation.js';
import { convOps } from './conv.js';
import { elementwiseOps } from './elementwise.js';
import { integerOps } from './integer.js';
import { matmulOps } from './matmul.js';
import { microsoftOps } from './microsoft.js';
import { microsoftQuantizedOps } from './microsoft-quantized.js';
import { normalizationOps } from './normalization.js';
import { poolOps } from './pool.js';
import { quantizeOps } from './quantize.js';
import { recurrentOps } from './recurrent.js';
import { softmaxOps } from './softmax.js';

export * from './activation.js';
export * from './conv.js';
export * from './elementwise.js';
export * from './integer.js';
export * from './matmul.js';
export * from './microsoft.js';
export * from './microsoft-quantized.js';
export * from './normalization.js';
export * from './pool.js';
export * from './quantize.js';
export * from './recurrent.js';
export * from './softmax.js';

/** Every op that Octavo defines: one line a family. */
export const standardOps: readonly Op[] = [
  ...softmaxOps,
  ...recurrentOps,
  ...quantizeOps,
  ...poolOps,
  ...normalizationOps,
  ...microsoftQuantizedOps,
  ...microsoftOps,
  ...matmulOps,
  ...integerOps,
  ...convOps,
  ...activationOps,
  ...elementwiseOps,
];
