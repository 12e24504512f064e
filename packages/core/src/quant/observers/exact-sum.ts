/**
 * Sums of doubles without rounding, as integer multiples of 2^-1074 (every finite double is one): addition is
 * associative, so sums merge exactly in any order.
 */
const view = new DataView(new ArrayBuffer(8));
const UNIT_EXPONENT = -1074;

/** The integer n with `value = n * 2^-1074`. */
export function exactInteger(value: number): bigint {
  view.setFloat64(0, value);
  const bits = view.getBigUint64(0);
  const exponent = (bits >> 52n) & 0x7ffn;
  const fraction = bits & 0xf_ffff_ffff_ffffn;
  const magnitude = exponent === 0n ? fraction : (fraction | (1n << 52n)) << (exponent - 1n);
  return value < 0 ? -magnitude : magnitude;
}

/** The double nearest to `sum / count * 2^-1074`, to within one unit in the last place. */
export function meanOf(sum: bigint, count: number): number {
  const mean = (sum < 0n ? -sum : sum) / BigInt(count);
  const excess = Math.max(0, mean.toString(2).length - 64);
  const magnitude = Number(mean >> BigInt(excess)) * 2 ** -64 * 2 ** (excess + UNIT_EXPONENT + 64);
  return sum < 0n ? -magnitude : magnitude;
}
