import { isBigInt, Tensor, toNumbers } from '@octavo/core/tensor';
import { planMatMul } from './matmul-plan.js';

/** Matrix product of int32, uint32, int64 or uint64 tensors, modulo 2^32 or 2^64: exact where floats are not. */
export function bigIntProduct(a: Tensor, b: Tensor): Tensor {
  const plan = planMatMul(a.shape, b.shape);
  const [left, right] = [bigInts(a), bigInts(b)];
  const { rows, inner, columns } = plan;
  const sums = new BigInt64Array(plan.pairs.length * rows * columns);
  plan.pairs.forEach((pair, i) => {
    for (let row = 0; row < rows; row++) {
      for (let column = 0; column < columns; column++) {
        let sum = 0n;
        for (let k = 0; k < inner; k++) {
          const x = left[(pair.a * rows + row) * inner + k] ?? 0n;
          sum += x * (right[(pair.b * inner + k) * columns + column] ?? 0n);
        }
        sums[(i * rows + row) * columns + column] = sum;
      }
    }
  });
  if (a.is('int64')) return new Tensor('int64', plan.shape, sums);
  if (a.is('uint64')) return new Tensor('uint64', plan.shape, new BigUint64Array(sums.buffer));
  const low = Int32Array.from(sums, (sum) => Number(BigInt.asIntN(32, sum)));
  return a.is('uint32')
    ? new Tensor('uint32', plan.shape, new Uint32Array(low.buffer))
    : new Tensor('int32', plan.shape, low);
}

function bigInts(tensor: Tensor): ArrayLike<bigint> {
  if (isBigInt(tensor.dtype)) return tensor.data as BigInt64Array;
  return BigInt64Array.from(toNumbers(tensor), BigInt);
}
