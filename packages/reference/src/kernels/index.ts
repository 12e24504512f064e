import type { Kernel } from '@octavo/backend';
import { elementwiseKernels } from './elementwise.js';

/** Every reference kernel: one line a family. */
export const referenceKernels: readonly Kernel[] = [...elementwiseKernels];
