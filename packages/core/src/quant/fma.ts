const sumBits = new Float64Array(1);
/** Low word first: every engine that runs JavaScript with typed arrays today is little endian. */
const words = new Uint32Array(sumBits.buffer);

/**
 * `a * b + c` rounded once to binary32, for binary32 arguments.
 * The product of two binary32 numbers is exact in a double. The sum is rounded to odd with the error that Knuth's
 * TwoSum gives, and a sum rounded to odd with at least two spare bits rounds to binary32 as the exact value does
 * (Boldo and Melquiond, "Emulation of FMA and correctly rounded sums", IEEE TC 2008).
 */
export function fma(a: number, b: number, c: number): number {
  const product = a * b;
  const sum = product + c;
  const carried = sum - product;
  const error = product - (sum - carried) + (c - carried);
  // NaN and infinite sums have a NaN error: neither comparison holds.
  if (error > 0 || error < 0) return Math.fround(toOdd(sum, error));
  return Math.fround(sum);
}

/** `sum + error` rounded to odd, where |error| is at most half a unit in the last place of `sum` and not 0. */
function toOdd(sum: number, error: number): number {
  sumBits[0] = sum;
  const low = words[0] ?? 0;
  if (low & 1) return sum;
  if (error > 0 === sum > 0) {
    words[0] = low | 1;
  } else {
    words[0] = low - 1;
    if (low === 0) words[1] = (words[1] ?? 0) - 1;
  }
  return sumBits[0] ?? 0;
}
