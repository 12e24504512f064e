import type { Lowering } from './lowering.js';
import { arrangeLowerings } from './ops/arrange.js';
import { attentionLowerings } from './ops/attention.js';
import { batchMatmulLowerings } from './ops/batch-matmul.js';
import { binaryLowerings } from './ops/binary.js';
import { byteFunctionLowerings } from './ops/byte-function.js';
import { castLowerings } from './ops/cast.js';
import { convTransposeLowerings } from './ops/conv-transpose.js';
import { conv2dLowerings } from './ops/conv2d.js';
import { cumSumLowerings } from './ops/cum-sum.js';
import { dynamicLstmLowerings } from './ops/dynamic-lstm.js';
import { dynamicProductLowerings } from './ops/dynamic-product.js';
import { floatConv2dLowerings } from './ops/float-conv2d.js';
import { floatIntegerProductLowerings } from './ops/float-integer-product.js';
import { floatMatmulLowerings } from './ops/float-matmul.js';
import { floatPoolLowerings } from './ops/float-pool.js';
import { gatherLowerings } from './ops/gather.js';
import { matmulLowerings } from './ops/matmul.js';
import { matMulNBitsLowerings } from './ops/matmul-nbits.js';
import { mirrorPadLowerings } from './ops/mirror-pad.js';
import { normalizeLowerings } from './ops/normalize.js';
import { padLowerings } from './ops/pad.js';
import { powerLowerings } from './ops/power.js';
import { qattentionLowerings } from './ops/qattention.js';
import { quantizeLowerings } from './ops/quantize.js';
import { quantizedBinaryLowerings } from './ops/quantized-binary.js';
import { quantizedConcatLowerings } from './ops/quantized-concat.js';
import { quantizedPoolLowerings } from './ops/quantized-pool.js';
import { recurrentLowerings } from './ops/recurrent.js';
import { reduceLowerings } from './ops/reduce.js';
import { reshapeLowerings } from './ops/reshape.js';
import { resizeLowerings } from './ops/resize.js';
import { softmaxLowerings } from './ops/softmax.js';
import { topKLowerings } from './ops/top-k.js';
import { typedBinaryLowerings } from './ops/typed-binary.js';
import { unaryLowerings } from './ops/unary.js';
import { whereLowerings } from './ops/where.js';

/**
 * Every lowering; several of one op are tried in order, and the first that supports a node lowers it. Those of
 * quantized values come before those of floats.
 */
export const LOWERINGS: readonly Lowering[] = [
  ...arrangeLowerings,
  ...byteFunctionLowerings,
  ...castLowerings,
  ...conv2dLowerings,
  ...convTransposeLowerings,
  ...cumSumLowerings,
  ...dynamicLstmLowerings,
  ...dynamicProductLowerings,
  ...floatIntegerProductLowerings,
  ...matmulLowerings,
  ...batchMatmulLowerings,
  ...matMulNBitsLowerings,
  ...qattentionLowerings,
  ...quantizeLowerings,
  ...quantizedBinaryLowerings,
  ...quantizedConcatLowerings,
  ...quantizedPoolLowerings,
  ...reshapeLowerings,
  ...resizeLowerings,
  ...attentionLowerings,
  ...typedBinaryLowerings,
  ...binaryLowerings,
  ...floatConv2dLowerings,
  ...floatMatmulLowerings,
  ...floatPoolLowerings,
  ...gatherLowerings,
  ...normalizeLowerings,
  ...padLowerings,
  ...mirrorPadLowerings,
  ...powerLowerings,
  ...recurrentLowerings,
  ...reduceLowerings,
  ...softmaxLowerings,
  ...topKLowerings,
  ...unaryLowerings,
  ...whereLowerings,
];
