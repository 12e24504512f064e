import type { Op } from '../op.js';
import { activationOps } from './activation.js';
import { arrangeOps } from './arrange.js';
import { attentionOps } from './attention.js';
import { castOps } from './cast.js';
import { controlFlowOps } from './control-flow.js';
import { convOps } from './conv.js';
import { einsumOps } from './einsum.js';
import { elementwiseOps } from './elementwise.js';
import { fillOps } from './fill.js';
import { indexingOps } from './indexing.js';
import { integerOps } from './integer.js';
import { legacyOps } from './legacy.js';
import { logicOps } from './logic.js';
import { matmulOps } from './matmul.js';
import { microsoftOps } from './microsoft.js';
import { microsoftAttentionOps } from './microsoft-attention.js';
import { microsoftExpertOps } from './microsoft-experts.js';
import { microsoftQuantizedOps } from './microsoft-quantized.js';
import { normalizationOps } from './normalization.js';
import { orderOps } from './order.js';
import { poolOps } from './pool.js';
import { quantizeOps } from './quantize.js';
import { recurrentOps } from './recurrent.js';
import { reduceOps } from './reduce.js';
import { resizeOps } from './resize.js';
import { shapeOps } from './shape.js';
import { softmaxOps } from './softmax.js';
import { visionOps } from './vision.js';

export * from './activation.js';
export * from './arrange.js';
export * from './attention.js';
export * from './cast.js';
export * from './control-flow.js';
export * from './conv.js';
export * from './einsum.js';
export * from './elementwise.js';
export * from './fill.js';
export * from './indexing.js';
export * from './integer.js';
export * from './legacy.js';
export * from './logic.js';
export * from './matmul.js';
export * from './microsoft.js';
export * from './microsoft-attention.js';
export * from './microsoft-experts.js';
export * from './microsoft-quantized.js';
export * from './normalization.js';
export * from './order.js';
export * from './pool.js';
export * from './quantize.js';
export * from './recurrent.js';
export * from './reduce.js';
export * from './resize.js';
export * from './shape.js';
export * from './slice-dims.js';
export * from './softmax.js';
export * from './vision.js';

/** Every op that Octavo defines: one line a family. */
export const standardOps: readonly Op[] = [
  ...attentionOps,
  ...activationOps,
  ...arrangeOps,
  ...castOps,
  ...controlFlowOps,
  ...convOps,
  ...einsumOps,
  ...elementwiseOps,
  ...fillOps,
  ...indexingOps,
  ...integerOps,
  ...legacyOps,
  ...logicOps,
  ...matmulOps,
  ...microsoftOps,
  ...microsoftAttentionOps,
  ...microsoftExpertOps,
  ...microsoftQuantizedOps,
  ...normalizationOps,
  ...orderOps,
  ...poolOps,
  ...quantizeOps,
  ...recurrentOps,
  ...reduceOps,
  ...resizeOps,
  ...shapeOps,
  ...softmaxOps,
  ...visionOps,
];
