import { defineKernel, SUPPORTED, unsupported } from '@octavo/backend';
import { MatMulBnb4 } from '@octavo/core/ir';
import { type Tensor, TensorError, toNumbers } from '@octavo/core/tensor';
import { type FloatArray, floats, floatTensor } from '../floats.js';
import { matMulSums, planMatMul } from '../matmul-plan.js';
import { operand } from '../operand.js';

/** 4-bit floats: a sign, two bits of exponent and one of mantissa, as bitsandbytes scales them to [-1, 1]. */
const MAGNITUDES = [0, 1 / 192, 2 / 3, 1, 1 / 3, 1 / 2, 1 / 6, 1 / 4];
const FP4 = [...MAGNITUDES, ...MAGNITUDES.map((x) => -x)];

/** Quantiles of the normal distribution, scaled to [-1, 1] (Dettmers et al. 2023, QLoRA, appendix E). */
const NF4 = [
  -1, -0.6961928009986877, -0.5250730514526367, -0.39491748809814453, -0.28444138169288635,
  -0.18477343022823334, -0.09105003625154495, 0, 0.07958029955625534, 0.16093020141124725,
  0.24611230194568634, 0.33791524171829224, 0.44070982933044434, 0.5626170039176941, 0.7229568362236023, 1,
];

const TABLES: readonly (readonly number[])[] = [FP4, NF4];

interface Layout {
  readonly K: number;
  readonly N: number;
  readonly block_size: number;
}

/** The weights, transposed to `[K, N]`. Throws TensorError `TENSOR_SHAPE` when a tensor has not the size that is needed. */
function decode(
  packed: Tensor,
  absmax: Tensor,
  table: readonly number[],
  { K, N, block_size: size }: Layout,
): FloatArray {
  const [codes, scales] = [toNumbers(packed), toNumbers(absmax)];
  checkSize('B', codes.length, Math.ceil((N * K) / 2));
  checkSize('absmax', scales.length, Math.ceil((N * K) / size));
  const out = new Float32Array(K * N);
  for (let i = 0; i < N * K; i++) {
    const pair = codes[i >> 1] ?? 0;
    const value = table[i % 2 === 0 ? pair >> 4 : pair & 15] ?? 0;
    out[(i % K) * N + Math.floor(i / K)] = Math.fround(value) * (scales[Math.floor(i / size)] ?? 0);
  }
  return out;
}

function checkSize(name: string, found: number, expected: number): void {
  if (found === expected) return;
  throw new TensorError({
    code: 'TENSOR_SHAPE',
    message: `${name} holds ${found} numbers; K, N and block_size demand ${expected}.`,
  });
}

/** See `ops/microsoft.ts`; weights are rounded to float32, sums are not. */
export const matMulBnb4 = defineKernel(MatMulBnb4, {
  supports: (node) => {
    const { K, N, block_size: size, quant_type: type, transB } = MatMulBnb4.attributes(node);
    if (K < 1 || N < 1 || size < 1)
      return unsupported(`MatMulBnb4 of K ${K} and N ${N} in blocks of ${size}`);
    if (!transB) return unsupported('MatMulBnb4 of weights that are not transposed');
    return TABLES[type] ? SUPPORTED : unsupported(`MatMulBnb4 with quant_type ${type}`);
  },
  prepare: ({ attributes, constants }) => {
    const table = TABLES[attributes.quant_type] ?? FP4;
    const [b, absmax] = [constants[1], constants[2]];
    const fixed = b && absmax && decode(b, absmax, table, attributes);
    return (inputs) => {
      const a = operand(inputs, 0);
      const plan = planMatMul(a.shape, [attributes.K, attributes.N]);
      const weights = fixed ?? decode(operand(inputs, 1), operand(inputs, 2), table, attributes);
      return [floatTensor(a.dtype, plan.shape, matMulSums(floats(a), weights, plan))];
    };
  },
});
