import { defineKernel, SUPPORTED, unsupported } from '@octavo/backend';
import { MatMulNBits, type Node } from '@octavo/core/ir';
import { checkScales, roundHalfEven } from '@octavo/core/quant';
import { toNumbers } from '@octavo/core/tensor';
import { blockWeights } from '../block-weights.js';
import { type FloatArray, floats, floatTensor } from '../floats.js';
import { matMulSums, planMatMul } from '../matmul-plan.js';
import { operand } from '../operand.js';

/** Activations as dynamic-int8 sees them: each block of each row on its own symmetric int8 grid, `s = amax / 127`. */
function onInt8Blocks(values: FloatArray, width: number, blockSize: number): Float64Array {
  const out = new Float64Array(values.length);
  for (let row = 0; row < values.length; row += width) {
    for (let start = row; start < row + width; start += blockSize) {
      const end = Math.min(start + blockSize, row + width);
      let amax = 0;
      for (let i = start; i < end; i++) amax = Math.max(amax, Math.abs(values[i] ?? 0));
      const scale = Math.fround(amax / 127);
      if (scale === 0) continue;
      for (let i = start; i < end; i++) out[i] = roundHalfEven(Math.fround((values[i] ?? 0) / scale)) * scale;
    }
  }
  return out;
}

function supports(node: Node) {
  const { K, N, bits, block_size: blockSize } = MatMulNBits.attributes(node);
  if (K < 1 || N < 1 || blockSize < 1) {
    return unsupported(`MatMulNBits of K ${K} and N ${N} in blocks of ${blockSize}`);
  }
  if (node.inputs[4]) return unsupported('MatMulNBits with group indices (g_idx)');
  return bits === 2 || bits === 4 || bits === 8 ? SUPPORTED : unsupported(`MatMulNBits with ${bits} bits`);
}

/** Both compute modes; `dynamic-int8` keeps weights and activations exact in float64, as integer products are. */
export const matMulNBits = defineKernel(MatMulNBits, {
  supports,
  prepare: ({ node, attributes, constants }) => {
    const { K, N, block_size: blockSize } = attributes;
    const dynamic = attributes.accuracy_level === 4;
    const decode = (inputs: readonly (typeof constants)[number][]) => {
      checkScales(
        toNumbers(operand(inputs, 2)),
        `node ${node.label} (MatMulNBits), tensor ${node.inputs[2]?.name}`,
      );
      return blockWeights(
        operand(inputs, 1),
        operand(inputs, 2),
        inputs[3],
        attributes,
        dynamic ? Float64Array : Float32Array,
      );
    };
    const fixed = constants[1] && constants[2] ? decode(constants) : undefined;
    return {
      name: dynamic ? 'reference dynamic-int8' : 'reference exact',
      run: (inputs) => {
        const a = operand(inputs, 0);
        const plan = planMatMul(a.shape, [K, N]);
        const values = dynamic ? onInt8Blocks(floats(a), K, blockSize) : floats(a);
        const sums = matMulSums(values, fixed ?? decode(inputs), plan);
        const bias = inputs[5] && floats(inputs[5]);
        if (bias) for (let i = 0; i < sums.length; i++) sums[i] = (sums[i] ?? 0) + (bias[i % N] ?? 0);
        return [floatTensor(a.dtype, plan.shape, sums)];
      },
    };
  },
});
