import type { Kernel } from '@octavo/backend';
import {
  DequantizeLinear,
  DynamicQuantizeLinear,
  GlobalMaxPool,
  MaxPool,
  type Op,
  QuantizeLinear,
} from '@octavo/core/ir';
import { referenceKernels } from './kernels/index.js';
import { quantizedArithmeticKernels } from './kernels/quantized-arithmetic.js';
import { quantizedProductKernels } from './kernels/quantized-product.js';
import { onQuantizedValues } from './quantized.js';

/** Ops that cross between float and quantized values: their kernels see the stored integers. */
const CROSSINGS: ReadonlySet<Op> = new Set<Op>([QuantizeLinear, DequantizeLinear, DynamicQuantizeLinear]);

/** Ops that only move or compare elements, so that integers with one quantized type need no arithmetic. */
const MOVEMENTS: ReadonlySet<Op> = new Set<Op>([MaxPool, GlobalMaxPool]);

/** Every kernel in order of preference: integer arithmetic first, then each float kernel, which takes quantized values too. */
export const kernelTable: readonly Kernel[] = [
  ...quantizedProductKernels,
  ...quantizedArithmeticKernels,
  ...referenceKernels.map((kernel) =>
    CROSSINGS.has(kernel.op) ? kernel : onQuantizedValues(kernel, MOVEMENTS.has(kernel.op)),
  ),
];
