import { dequantizeNumbers, storageRange } from '@octavo/core/quant';
import { describe, expect, it } from 'vitest';
import { normals } from '../../tests/run-models.js';
import { inverseFactor } from './cholesky.js';
import { type BlockFormat, WEIGHT_ROUNDINGS, type WeightMatrix, type WeightRounding } from './index.js';
import { searchBlock } from './search-block.js';

const { nearest, mse, hqq, gptq } = WEIGHT_ROUNDINGS;
const FORMATS: readonly BlockFormat[] = (['int4', 'uint4', 'int2', 'uint2'] as const).flatMap((storage) =>
  [true, false].map((symmetric) => ({ storage, symmetric, blockSize: 16 })),
);
const shown = FORMATS.map((format) => ({ ...format, kind: format.symmetric ? 'symmetric' : 'asymmetric' }));

/** Normal weights with a few outliers; the last block is short. */
function matrix(rows: number, columns: number, seed: number): WeightMatrix {
  const values = normals(rows * columns, seed).map((value, i) => (i % 53 === 0 ? 6 * value : value + 0.2));
  return { values, rows, columns };
}

function backOf(rounding: WeightRounding, weights: WeightMatrix, format: BlockFormat, gram?: Float64Array) {
  const { integers, type } = rounding.round(weights, format, gram && { gram });
  const { min, max } = storageRange(format.storage);
  expect(integers.every((integer) => integer >= min && integer <= max)).toBe(true);
  expect(type.scales.every((scale) => scale > 0 && Number.isFinite(scale))).toBe(true);
  return dequantizeNumbers(integers, [weights.rows, weights.columns], type);
}

/** Sum of |w - back|^power over each block. */
function blockErrors(
  { values, rows, columns }: WeightMatrix,
  back: Float32Array,
  block: number,
  power: number,
) {
  const sums = new Array<number>(Math.ceil(rows / block) * columns).fill(0);
  values.forEach((value, i) => {
    const at = Math.floor(i / columns / block) * columns + (i % columns);
    sums[at] = (sums[at] ?? 0) + Math.abs(value - (back[i] ?? Number.NaN)) ** power;
  });
  return sums;
}

const sum = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0);

describe('mse', () => {
  it.each(shown)('has less squared error than ranges give: $kind $storage', (format) => {
    const weights = matrix(40, 12, 3);
    const errors = (rounding: WeightRounding) =>
      sum(blockErrors(weights, backOf(rounding, weights, format), 16, 2));
    expect(errors(mse)).toBeLessThan(0.99 * errors(nearest));
  });

  it.each([true, false])(
    'has at most 1.03 times the error of the best parameters of a fine grid: symmetric %s',
    (symmetric) => {
      const points = symmetric ? [8] : Array.from({ length: 16 }, (_, i) => i);
      for (const length of [16, 32, 64]) {
        for (let seed = 1; seed <= 12; seed++) {
          const block = normals(length, 100 * length + seed).map((value, i) =>
            i === 3 ? 3 * value : value + 0.2,
          );
          const error = (scale: number, zeroPoint: number): number =>
            block.reduce((total, value) => {
              const q = Math.min(15, Math.max(0, Math.round(value / scale) + zeroPoint));
              return total + (value - (q - zeroPoint) * scale) ** 2;
            }, 0);
          const { scale, zeroPoint } = searchBlock(block, { min: 0, max: 15, symmetric });
          const widest = (Math.max(...block, 0) - Math.min(...block, 0)) / (symmetric ? 4 : 10);
          let best = Number.POSITIVE_INFINITY;
          for (const point of points)
            for (let i = 1; i <= 400; i++) best = Math.min(best, error((i / 400) * widest, point));
          expect(error(scale, zeroPoint)).toBeLessThanOrEqual(1.03 * best + 1e-9);
        }
      }
    },
  );
});

describe('hqq', () => {
  it.each(shown)('has a smaller 0.7-norm of errors, in no block a larger: $kind $storage', (format) => {
    const weights = matrix(40, 12, 5);
    const own = blockErrors(weights, backOf(hqq, weights, format), 16, 0.7);
    const other = blockErrors(weights, backOf(nearest, weights, format), 16, 0.7);
    expect(sum(own)).toBeLessThan(0.97 * sum(other));
    const larger = own.filter((error, i) => error > (other[i] ?? 0) * 1.0001);
    if (!format.symmetric) expect(larger).toEqual([]);
  });
});

/** Correlated inputs, and their Gram matrix. */
function inputsOf(
  rows: number,
  count: number,
): { readonly samples: Float64Array[]; readonly gram: Float64Array } {
  const noise = normals(rows * count, 11);
  const samples = Array.from({ length: count }, (_, s) => {
    let last = 0;
    return Float64Array.from({ length: rows }, (_, i) => (last = 0.9 * last + (noise[s * rows + i] ?? 0)));
  });
  const gram = new Float64Array(rows * rows);
  for (const x of samples)
    for (let i = 0; i < rows; i++)
      for (let j = 0; j < rows; j++)
        gram[i * rows + j] = (gram[i * rows + j] ?? 0) + (x[i] ?? 0) * (x[j] ?? 0);
  return { samples, gram };
}

describe('gptq', () => {
  const { samples, gram } = inputsOf(40, 200);
  const outputError = ({ values, rows, columns }: WeightMatrix, back: Float32Array): number =>
    sum(
      samples.flatMap((x) =>
        Array.from({ length: columns }, (_, n) => {
          let difference = 0;
          for (let k = 0; k < rows; k++)
            difference += (x[k] ?? 0) * ((values[k * columns + n] ?? 0) - (back[k * columns + n] ?? 0));
          return difference ** 2;
        }),
      ),
    );

  it.each(shown)('changes what a layer gives far less than rounding to nearest: $kind $storage', (format) => {
    const weights = matrix(40, 12, 7);
    const learned = outputError(weights, backOf(gptq, weights, format, gram));
    expect(learned).toBeLessThan(0.6 * outputError(weights, backOf(mse, weights, format)));
  });

  it('rounds as spreading each error over all later rows at once does', () => {
    const { values, rows, columns } = matrix(38, 12, 7);
    const { gram } = inputsOf(rows, 200);
    const format: BlockFormat = { storage: 'uint4', symmetric: false, blockSize: 16 };
    const damping = 0.01 * (sum(Array.from({ length: rows }, (_, i) => gram[i * (rows + 1)] ?? 0)) / rows);
    const u = inverseFactor(
      gram.map((value, i) => (i % (rows + 1) === 0 ? value + damping : value)),
      rows,
    );
    const work = Float64Array.from(values);
    const integers: number[] = [];
    let scales: readonly { scale: number; zeroPoint: number }[] = [];
    for (let row = 0; row < rows; row++) {
      const column = (n: number) =>
        Array.from({ length: Math.min(16, rows - row) }, (_, i) =>
          Math.fround(work[(row + i) * columns + n] ?? 0),
        );
      if (row % 16 === 0)
        scales = Array.from({ length: columns }, (_, n) =>
          searchBlock(column(n), { min: 0, max: 15, symmetric: false }),
        );
      scales.forEach(({ scale, zeroPoint }, n) => {
        const value = work[row * columns + n] ?? 0;
        const integer = Math.min(15, Math.max(0, Math.round(value / scale) + zeroPoint));
        integers.push(integer);
        const error = (value - (integer - zeroPoint) * scale) / (u?.[row * (rows + 1)] ?? 0);
        for (let later = row + 1; later < rows; later++)
          work[later * columns + n] =
            (work[later * columns + n] ?? 0) - (u?.[row * rows + later] ?? 0) * error;
      });
    }
    expect([...gptq.round({ values, rows, columns }, format, { gram }).integers]).toEqual(integers);
  });

  it('rounds to nearest where inputs do not correlate, so that there is nothing to make up for', () => {
    const weights = matrix(40, 12, 7);
    const diagonal = new Float64Array(1600);
    for (let i = 0; i < 40; i++) diagonal[i * 41] = i;
    for (const format of FORMATS)
      expect(gptq.round(weights, format, { gram: diagonal })).toEqual(mse.round(weights, format));
  });

  it('takes inputs that are always 0, or all 0', () => {
    const weights = matrix(40, 12, 7);
    const silent = gram.map((value, i) => (i % 40 < 3 || i < 120 ? 0 : value));
    backOf(gptq, weights, { storage: 'uint4', symmetric: false, blockSize: 16 }, silent);
    backOf(gptq, weights, { storage: 'uint4', symmetric: false, blockSize: 16 }, new Float64Array(1600));
  });
});

describe('inverseFactor', () => {
  it('gives U with UT U A = I, upper triangular', () => {
    const n = 12;
    const { gram } = inputsOf(n, 40);
    const u = inverseFactor(gram, n) ?? new Float64Array(n * n);
    const at = (m: Float64Array, i: number, j: number): number => m[i * n + j] ?? 0;
    for (let i = 0; i < n; i++) {
      for (let j = 0; j < n; j++) {
        if (j < i) expect(at(u, i, j)).toBe(0);
        let product = 0;
        for (let k = 0; k < n; k++)
          for (let l = 0; l < n; l++) product += at(u, k, i) * at(u, k, l) * at(gram, l, j);
        expect(product).toBeCloseTo(i === j ? 1 : 0, 8);
      }
    }
  });

  it('gives nothing for a matrix that is not positive definite', () => {
    expect(inverseFactor(Float64Array.of(1, 2, 2, 1), 2)).toBeUndefined();
  });
});

describe('every rounding', () => {
  it.each(Object.values(WEIGHT_ROUNDINGS))(
    '$name reproduces blocks of equal weights and refuses NaN',
    (rounding) => {
      const format: BlockFormat = { storage: 'uint4', symmetric: false, blockSize: 16 };
      const equal = { values: new Float32Array(20).fill(-0.37), rows: 20, columns: 1 };
      const gram = new Float64Array(400);
      for (let i = 0; i < 20; i++) gram[i * 21] = 1;
      expect([...backOf(rounding, equal, format, gram)]).toEqual([...equal.values]);
      const bad = { ...equal, values: equal.values.map((value, i) => (i === 3 ? Number.NaN : value)) };
      expect(() => rounding.round(bad, format, { gram })).toThrow(/NaN/);
    },
  );

  it.each(Object.values(WEIGHT_ROUNDINGS))(
    '$name keeps symmetric 8 bits as far on either side',
    (rounding) => {
      const weights = matrix(400, 12, 9);
      const gram = new Float64Array(160_000);
      for (let i = 0; i < 400; i++) gram[i * 401] = 1;
      for (const [storage, lowest] of [
        ['int8', -127],
        ['uint8', 1],
      ] as const) {
        const { integers, type } = rounding.round(
          weights,
          { storage, symmetric: true, blockSize: 16 },
          { gram },
        );
        expect(Math.min(...integers)).toBe(lowest);
        expect(new Set(type.zeroPoints)).toEqual(new Set([lowest + 127]));
      }
    },
  );
});
