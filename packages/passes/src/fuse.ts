import type { Pass } from '@octavo/core/ir';
import { eliminateDeadNodes } from './eliminate-dead-nodes.js';
import { eliminateIdentity } from './eliminate-identity.js';
import { fuseAttention } from './fuse-attention.js';
import { fuseEmbedding } from './fuse-embedding.js';
import { fuseGelu } from './fuse-gelu.js';
import { fuseLayerNorm } from './fuse-layer-norm.js';
import { fuseRmsNorm } from './fuse-rms-norm.js';
import { fuseSwish } from './fuse-swish.js';
import type { FusionOptions } from './fusing/fusion.js';
import { pushTransposes } from './push-transposes.js';
import { simplifyMovement } from './simplify-movement.js';

/**
 * The passes that make a graph of known shapes cheaper to run: patterns become single nodes, movements vanish. The result
 * is for running, not for writing: fused ops may be newer than the op set of the graph.
 */
export function fusePasses(options: FusionOptions = {}): readonly Pass[] {
  return [
    fuseEmbedding(options),
    fuseAttention(options),
    fuseLayerNorm(options),
    fuseRmsNorm(options),
    fuseGelu(options),
    fuseSwish(options),
    pushTransposes,
    simplifyMovement,
    eliminateIdentity,
    eliminateDeadNodes,
  ];
}
