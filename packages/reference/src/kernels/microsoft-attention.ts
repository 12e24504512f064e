import type { Kernel } from '@octavo/backend';
import { groupQueryAttention } from './group-query-attention.js';
import { qAttention } from './qattention.js';

export const microsoftAttentionKernels: readonly Kernel[] = [qAttention, groupQueryAttention];
