import type { Op } from '../op.js';

export const elementwiseOps: readonly Op[] = [];
