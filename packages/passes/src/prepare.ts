import { inferTypes, type Model, type PassRecord, type RunPassesOptions, runPasses } from '@octavo/core/ir';
import { eliminateDeadNodes } from './eliminate-dead-nodes.js';
import { eliminateIdentity } from './eliminate-identity.js';
import { foldBatchNorm } from './fold-batch-norm.js';
import { foldConstants, type NodeEvaluator } from './fold-constants.js';
import { fuseConvBias } from './fuse-conv-bias.js';
import { fuseGemm } from './fuse-gemm.js';
import { inlineFunctions } from './inline-functions.js';
import { liftConstants } from './lift-constants.js';

export interface PrepareOptions extends RunPassesOptions {
  readonly evaluate: NodeEvaluator;
}

/** A constant may be added before or behind a BatchNormalization. */
const foldedIntoWeights = [fuseConvBias, foldBatchNorm, fuseConvBias] as const;

/** Brings a model into the form that is calibrated and quantized; tells what each pass did. */
export async function prepare(model: Model, options: PrepareOptions): Promise<PassRecord[]> {
  inlineFunctions(model);
  inferTypes(model.graph);
  const passes = [
    liftConstants,
    foldConstants(options),
    eliminateIdentity,
    ...foldedIntoWeights,
    fuseGemm,
    eliminateDeadNodes,
  ];
  const records = await runPasses(model.graph, passes, options);
  inferTypes(model.graph);
  return records;
}
