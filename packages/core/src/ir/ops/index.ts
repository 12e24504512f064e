import type { Op } from '../op.js';
import { elementwiseOps } from './elementwise.js';

export * from './elementwise.js';

/** Every op that Octavo defines: one line a family. */
export const standardOps: readonly Op[] = [...elementwiseOps];
