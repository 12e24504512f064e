import type { Kernel } from '@octavo/backend';
import { DequantizeLinear, DynamicQuantizeLinear, type Op, QuantizeLinear } from '@octavo/core/ir';
import { controlFlowKernels } from './kernels/control-flow.js';
import { referenceKernels } from './kernels/index.js';
import { quantizedArithmeticKernels } from './kernels/quantized-arithmetic.js';
import { quantizedPoolKernels } from './kernels/quantized-pool.js';
import { quantizedProductKernels } from './kernels/quantized-product.js';
import { MOVEMENTS } from './movements.js';
import { onQuantizedValues } from './quantized.js';

/** Ops that cross between float and quantized values: their kernels see the stored integers. */
const CROSSINGS: ReadonlySet<Op> = new Set<Op>([QuantizeLinear, DequantizeLinear, DynamicQuantizeLinear]);

/**
 * Every kernel in order of preference: integer arithmetic first, then each float kernel, which takes quantized values
 * too. Ops with subgraphs pass quantized values through: the nodes inside see their types.
 */
export const kernelTable: readonly Kernel[] = [
  ...quantizedProductKernels,
  ...quantizedArithmeticKernels,
  ...quantizedPoolKernels,
  ...referenceKernels.map((kernel) =>
    CROSSINGS.has(kernel.op) ? kernel : onQuantizedValues(kernel, MOVEMENTS.has(kernel.op)),
  ),
  ...controlFlowKernels(() => kernelTable),
];
