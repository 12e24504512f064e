export { eliminateDeadNodes } from './eliminate-dead-nodes.js';
export { type FoldConstantsOptions, foldConstants, type NodeEvaluator } from './fold-constants.js';
export { foldQdq } from './fold-qdq.js';
export { inlineFunctions } from './inline-functions.js';
export { liftConstants } from './lift-constants.js';
export { type PrepareOptions, prepare } from './prepare.js';
export { raiseOpset } from './raise-opset.js';
