/**
 * IEEE 754 binary16 and bfloat16 conversions, round to nearest, ties to even.
 * fp16: 1 sign, 5 exponent (bias 15), 10 fraction bits. bf16: the upper half of binary32.
 */
const float = new Float32Array(1);
const word = new Uint32Array(float.buffer);

/** Largest finite fp16. */
export const FLOAT16_MAX = 65504;

/** The fp16 bits of a number (first rounded to binary32). Beyond 65519.99 gives infinity; NaN stays NaN. */
export function float32ToFloat16(value: number): number {
  float[0] = value;
  const bits = word[0] ?? 0;
  const sign = (bits >>> 16) & 0x8000;
  const magnitude = bits & 0x7fffffff;
  if (magnitude >= 0x7f800000) return sign | (magnitude > 0x7f800000 ? 0x7e00 : 0x7c00);
  if (magnitude >= 0x477ff000) return sign | 0x7c00;
  if (magnitude >= 0x38800000) {
    const rebased = magnitude - 0x38000000;
    return sign | ((rebased + 0xfff + ((rebased >>> 13) & 1)) >>> 13);
  }
  return sign | roundSubnormal(magnitude);
}

/** Magnitudes below 2^-14 become multiples of 2^-24; the scaling is exact, so only one rounding happens. */
function roundSubnormal(magnitude: number): number {
  word[0] = magnitude;
  const steps = (float[0] ?? 0) * 2 ** 24;
  const floor = Math.floor(steps);
  const rest = steps - floor;
  return rest > 0.5 || (rest === 0.5 && floor % 2 === 1) ? floor + 1 : floor;
}

/** The number that fp16 bits stand for; exact. */
export function float16ToFloat32(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >>> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction ? Number.NaN : sign * Number.POSITIVE_INFINITY;
  return sign * (1024 + fraction) * 2 ** (exponent - 25);
}

/** The bf16 bits of a number (first rounded to binary32). NaN stays NaN. */
export function float32ToBfloat16(value: number): number {
  float[0] = value;
  const bits = word[0] ?? 0;
  if ((bits & 0x7fffffff) > 0x7f800000) return (bits >>> 16) | 0x40;
  return ((bits + 0x7fff + ((bits >>> 16) & 1)) / 0x10000) & 0xffff;
}

/** The number that bf16 bits stand for; exact. */
export function bfloat16ToFloat32(bits: number): number {
  word[0] = (bits & 0xffff) << 16;
  return float[0] ?? 0;
}
