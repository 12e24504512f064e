import type { Kernel } from '@octavo/backend';
import { qAttention } from './qattention.js';

export const microsoftAttentionKernels: readonly Kernel[] = [qAttention];
