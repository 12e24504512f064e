import type { Kernel } from '@octavo/backend';
import { activationKernels } from './activation.js';
import { arrangeKernels } from './arrange.js';
import { attentionKernels } from './attention.js';
import { castKernels } from './cast.js';
import { convKernels } from './conv.js';
import { dynamicQuantizeLstmKernels } from './dynamic-quantize-lstm.js';
import { einsumKernels } from './einsum.js';
import { elementwiseKernels } from './elementwise.js';
import { fillKernels } from './fill.js';
import { indexingKernels } from './indexing.js';
import { integerKernels } from './integer.js';
import { legacyKernels } from './legacy.js';
import { logicKernels } from './logic.js';
import { matmulKernels } from './matmul.js';
import { microsoftKernels } from './microsoft.js';
import { microsoftAttentionKernels } from './microsoft-attention.js';
import { microsoftProductKernels } from './microsoft-products.js';
import { microsoftQuantizedKernels } from './microsoft-quantized.js';
import { normalizationKernels } from './normalization.js';
import { orderKernels } from './order.js';
import { poolKernels } from './pool.js';
import { quantizeKernels } from './quantize.js';
import { recurrentKernels } from './recurrent.js';
import { reduceKernels } from './reduce.js';
import { resizeKernels } from './resize.js';
import { shapeKernels } from './shape.js';
import { softmaxKernels } from './softmax.js';
import { unaryKernels } from './unary.js';
import { visionKernels } from './vision.js';

/** Every reference kernel of ops without subgraphs: one line a family. */
export const referenceKernels: readonly Kernel[] = [
  ...attentionKernels,
  ...activationKernels,
  ...arrangeKernels,
  ...castKernels,
  ...convKernels,
  ...einsumKernels,
  ...elementwiseKernels,
  ...fillKernels,
  ...indexingKernels,
  ...integerKernels,
  ...legacyKernels,
  ...logicKernels,
  ...matmulKernels,
  ...microsoftKernels,
  ...microsoftAttentionKernels,
  ...microsoftProductKernels,
  ...microsoftQuantizedKernels,
  ...normalizationKernels,
  ...orderKernels,
  ...poolKernels,
  ...quantizeKernels,
  ...dynamicQuantizeLstmKernels,
  ...recurrentKernels,
  ...reduceKernels,
  ...resizeKernels,
  ...shapeKernels,
  ...softmaxKernels,
  ...unaryKernels,
  ...visionKernels,
];
