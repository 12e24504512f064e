import { IMAGE_MODELS } from './image-models.js';
import type { LabelledModel } from './real-model.js';
import { SEQUENCE_MODELS } from './sequence-models.js';

/** The public models that have labels or reference outputs. */
export const REAL_MODELS: readonly LabelledModel[] = [...IMAGE_MODELS, ...SEQUENCE_MODELS];
