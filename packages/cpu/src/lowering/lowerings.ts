import type { Lowering } from './lowering.js';
import { arrangeLowerings } from './ops/arrange.js';
import { conv2dLowerings } from './ops/conv2d.js';
import { matmulLowerings } from './ops/matmul.js';
import { reshapeLowerings } from './ops/reshape.js';

/** Every lowering; several of one op are tried in order, and the first that supports a node lowers it. */
export const LOWERINGS: readonly Lowering[] = [
  ...arrangeLowerings,
  ...conv2dLowerings,
  ...matmulLowerings,
  ...reshapeLowerings,
];
