import type { ConformanceCase } from '../conformance-case.js';
import { floatCases } from './float.js';
import { goldenCases } from './golden.js';
import { integerOpCases } from './integer-ops.js';
import { linearCases } from './linear.js';
import { movementCases } from './movement.js';
import { quantizedConvCases } from './quantized-conv.js';
import { quantizedConvTransposeCases } from './quantized-conv-transpose.js';
import { quantizedElementwiseCases } from './quantized-elementwise.js';
import { quantizedProductCases } from './quantized-products.js';

/** Every conformance case: one line a family. */
export const allCases: readonly ConformanceCase[] = [
  ...floatCases,
  ...goldenCases,
  ...integerOpCases,
  ...linearCases,
  ...movementCases,
  ...quantizedConvCases,
  ...quantizedConvTransposeCases,
  ...quantizedElementwiseCases,
  ...quantizedProductCases,
];
