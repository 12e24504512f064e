import { qlinearAddElement } from '@octavo/core/quant';
import type { ByteArray } from '../src/binding.js';
import type { Epilogue } from '../src/epilogue.js';

/** Zero point of row or column `index`. */
export function zeroPointAt(zeroPoints: Int32Array, index: number): number {
  return zeroPoints[zeroPoints.length === 1 ? 0 : index] ?? 0;
}

/** The value in `array` at an index that the oracle knows to be there. */
export function at(array: ArrayLike<number>, index: number): number {
  const value = array[index];
  if (value === undefined) throw new RangeError(`no element ${index} of ${array.length}`);
  return value;
}

/** int32 accumulators of `[m, k] x [k, n]`, straight from the definition. */
export function accumulate(
  a: ByteArray,
  aZeroPoints: Int32Array,
  weights: ByteArray,
  weightZeroPoints: Int32Array,
  [m, k, n]: readonly [number, number, number],
): Int32Array {
  const out = new Int32Array(m * n);
  for (let r = 0; r < m; r++) {
    for (let c = 0; c < n; c++) {
      let sum = 0;
      for (let i = 0; i < k; i++) {
        const left = at(a, r * k + i) - zeroPointAt(aZeroPoints, r);
        const right = at(weights, i * n + c) - zeroPointAt(weightZeroPoints, c);
        sum = (sum + left * right) | 0;
      }
      out[r * n + c] = sum;
    }
  }
  return out;
}

/** One output from its accumulator: docs/numerics.md, literally. `index` is that of the output, and of the residual. */
export function finish(acc: number, row: number, column: number, epilogue: Epilogue, index: number): number {
  const sum = (acc + (epilogue.bias === undefined ? 0 : at(epilogue.bias, column))) | 0;
  if (epilogue.output === 'int32') return sum;
  const scale = scaleAt(epilogue.scales, column);
  if (epilogue.output === 'float32') {
    const { rowScales, floatBias } = epilogue;
    const multiplier = rowScales === undefined ? scale : Math.fround(at(rowScales, row) * scale);
    const product = Math.fround(Math.fround(sum) * multiplier);
    return floatBias === undefined ? product : Math.fround(product + at(floatBias, column));
  }
  const range = epilogue.output === 'uint8' ? { min: 0, max: 255 } : { min: -128, max: 127 };
  const { min, max } = epilogue.clamp ?? range;
  const rounded = roundToEven(Math.fround(Math.fround(sum) * scale));
  const q = Math.min(Math.max(rounded + epilogue.zeroPoint, min), max);
  const { table, residual } = epilogue;
  const found = table ? at(table, q & 0xff) : q;
  if (!residual) return found;
  const limits = residual.clamp ?? range;
  const other = at(residual.data, index);
  const [a, b] = residual.comesFirst ? [other, found] : [found, other];
  const y = qlinearAddElement(residual.constants, a, b);
  return Math.min(Math.max(y, limits.min), limits.max);
}

function scaleAt(scales: number | Float32Array, column: number): number {
  if (typeof scales === 'number') return Math.fround(scales);
  return at(scales, scales.length === 1 ? 0 : column);
}

/** The nearest whole number, ties to even. */
export function roundToEven(x: number): number {
  const below = Math.floor(x);
  const fraction = x - below;
  if (fraction !== 0.5) return Math.round(x);
  return below % 2 === 0 ? below : below + 1;
}
