import { OctavoError } from '@octavo/core/tensor';

/** Data, labels or metrics that do not fit a model. */
export class EvaluationError extends OctavoError {}
