import type { Kernel } from '@octavo/backend';

export const elementwiseKernels: readonly Kernel[] = [];
