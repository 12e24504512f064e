import type { Lowering } from './lowering.js';
import { arrangeLowerings } from './ops/arrange.js';
import { byteFunctionLowerings } from './ops/byte-function.js';
import { castLowerings } from './ops/cast.js';
import { conv2dLowerings } from './ops/conv2d.js';
import { dynamicProductLowerings } from './ops/dynamic-product.js';
import { matmulLowerings } from './ops/matmul.js';
import { quantizeLowerings } from './ops/quantize.js';
import { quantizedBinaryLowerings } from './ops/quantized-binary.js';
import { quantizedConcatLowerings } from './ops/quantized-concat.js';
import { quantizedPoolLowerings } from './ops/quantized-pool.js';
import { reshapeLowerings } from './ops/reshape.js';
import { resizeLowerings } from './ops/resize.js';

/** Every lowering; several of one op are tried in order, and the first that supports a node lowers it. */
export const LOWERINGS: readonly Lowering[] = [
  ...arrangeLowerings,
  ...byteFunctionLowerings,
  ...castLowerings,
  ...conv2dLowerings,
  ...dynamicProductLowerings,
  ...matmulLowerings,
  ...quantizeLowerings,
  ...quantizedBinaryLowerings,
  ...quantizedConcatLowerings,
  ...quantizedPoolLowerings,
  ...reshapeLowerings,
  ...resizeLowerings,
];
