import { type Pass, rulePass } from '@octavo/core/ir';
import { batchNormRules } from './fold-batch-norm/rules.js';

/**
 * Folds BatchNormalization into the constant weights and bias of the Conv, ConvTranspose, Gemm or MatMul before it.
 * Computed in float64 and rounded once to the weights' dtype.
 */
export const foldBatchNorm: Pass = rulePass('fold-batch-norm', batchNormRules);
