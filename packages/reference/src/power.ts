import type { BinaryFunction } from './arithmetic.js';

/** `base ** exponent`; integers truncate, as negative exponents need. 64-bit results are exact modulo 2^64. */
export const power: BinaryFunction = {
  real: (base, exponent) => base ** exponent,
  integer: (base, exponent) => Math.trunc(base ** exponent),
  big: (base, exponent) => {
    if (exponent < 0n) return base === 1n ? 1n : base === -1n ? (exponent % 2n === 0n ? 1n : -1n) : 0n;
    let [result, square] = [1n, base];
    for (let rest = exponent; rest > 0n; rest >>= 1n) {
      if (rest & 1n) result = BigInt.asIntN(64, result * square);
      square = BigInt.asIntN(64, square * square);
    }
    return result;
  },
};
