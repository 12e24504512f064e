import { supportUnless } from '@octavo/backend';
import { MatMulNBits, type Node, type Value } from '@octavo/core/ir';
import { checkScales } from '@octavo/core/quant';
import { elementCount, type Tensor } from '@octavo/core/tensor';
import { type BlockWeightsToPack, packBlocks } from '../../block-gemm.js';
import { fuseFloatEpilogue } from '../float-epilogue.js';
import { declineFloats } from '../float-values.js';
import { defineLowering, type LoweredNode, type Lowering } from '../lowering.js';
import { required, shapeOf } from '../static-value.js';

/** `accuracy_level` of products whose activations become int8. */
const DYNAMIC_INT8 = 4;

/** Sums of so many products of 255 and 127 fit 32 bits. */
const MOST_BYTES_A_BLOCK = 65536;

const matMulNBits = defineLowering(MatMulNBits, {
  supports: (node) => {
    return supportUnless(declineFloats([node.inputs[0], node.output]) ?? declineWeights(node));
  },
  lower: ({ node, constants, attributes }, program) => {
    const [a, b, scales, zeroPoints, , bias] = node.inputs;
    const output = required(node.output, node);
    const dynamic = attributes.accuracy_level === DYNAMIC_INT8;
    const { K, N, bits, block_size: blockSize } = attributes;
    const key = ['nbits', K, N, bits, blockSize].join(' ');
    const packed = program.packed(
      required(b, node),
      key,
      () => {
        const weights = weightsOf(node, constants);
        checkScales(weights.scales, `node ${node.label} (MatMulNBits), tensor ${scales?.name}`);
        return packBlocks(program.binding, weights);
      },
      [scales, zeroPoints],
    );
    const from = program.operand(required(a, node));
    const { operands, words, to } = fuseFloatEpilogue(program, {
      output,
      biasAxis: shapeOf(output).length - 1,
      bias: bias && program.operand(bias),
      layout: 'nchw',
      reads: [from],
    });
    program.emit(
      {
        name: 'block_matmul',
        operands: [...operands, from, to],
        words: [packed, dynamic ? 1 : 0, ...words, elementCount(shapeOf(required(a, node)).slice(0, -1))],
      },
      `block_matmul ${dynamic ? 'dynamic-int8' : 'exact'}`,
    );
  },
});

/** Products with weights quantized in blocks. */
export const matMulNBitsLowerings: readonly Lowering[] = [matMulNBits];

function declineWeights(node: Node): string | undefined {
  const { K, N, bits, block_size: blockSize, accuracy_level: accuracyLevel } = MatMulNBits.attributes(node);
  const [a, b, scales, zeroPoints, groups, bias] = node.inputs;
  if (bits !== 2 && bits !== 4 && bits !== 8) return `no kernel for weights of ${bits} bits`;
  if (blockSize < 16 || blockSize % 16 !== 0) return `no kernel for blocks of ${blockSize}`;
  const sumsWrap = bits === 8 && Math.min(blockSize, K) > MOST_BYTES_A_BLOCK;
  if (accuracyLevel === DYNAMIC_INT8 && sumsWrap) return `no kernel for blocks of ${blockSize} bytes`;
  if (groups) return 'no kernel for group indices (g_idx)';
  if (a && shapeOf(a).at(-1) !== K) return `its input has not ${K} columns`;
  const blocks = Math.ceil(K / blockSize);
  const rowBytes = Math.ceil((blocks * bits) / 8);
  return (
    declineConstant('weights', b, 'uint8', (N * blocks * blockSize * bits) / 8) ??
    declineConstant('scales', scales, 'float32', N * blocks) ??
    (zeroPoints && declineConstant('zero points', zeroPoints, 'uint8', N * rowBytes)) ??
    (bias && declineConstant('bias', bias, 'float32', N))
  );
}

function declineConstant(
  name: string,
  value: Value | undefined,
  dtype: 'uint8' | 'float32',
  size: number,
): string | undefined {
  const constant = value?.constant;
  if (constant?.dtype === dtype && constant.size === size) return undefined;
  return `its ${name} are no constant of ${size} ${dtype} numbers`;
}

function weightsOf(
  node: Node,
  constants: LoweredNode['constants'],
): BlockWeightsToPack & { readonly scales: Float32Array } {
  const { K, N, bits, block_size: blockSize } = MatMulNBits.attributes(node);
  const [, data, scales, zeroPoints] = constants;
  return {
    format: 'matmulnbits',
    data: bytesOf(data),
    bits: bits === 2 || bits === 8 ? bits : 4,
    k: K,
    n: N,
    blockSize,
    scales: scales?.is('float32') ? scales.data : new Float32Array(),
    zeroPoints: zeroPoints && bytesOf(zeroPoints),
  };
}

function bytesOf(tensor: Tensor | undefined): Uint8Array {
  return tensor?.is('uint8') ? tensor.data : new Uint8Array();
}
