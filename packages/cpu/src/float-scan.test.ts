import { float32Scan, Histogram, observers } from '@octavo/core/quant';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { describeWithAddon } from '../tests/addon.js';
import { floatScan } from './float-scan.js';

const numbers = fc.oneof(
  fc.constantFrom(0, -0, 2 ** -149, -(2 ** -149), 1, -1),
  fc.float({ min: -8, max: 7, noNaN: true }),
);
/** Off the start of their buffer, as views of a larger one are. */
const shifted = (list: readonly number[]): Float32Array =>
  Float32Array.from([9e9, ...list, 9e9]).subarray(1, -1);

describeWithAddon('floatScan', () => {
  const scan = floatScan();

  it('finds the range that @octavo/core finds', () => {
    fc.assert(
      fc.property(fc.array(numbers, { minLength: 1, maxLength: 100 }), (list) => {
        const values = shifted(list);
        expect(scan.range(values)).toEqual(float32Scan.range(values));
      }),
    );
  });

  it.each([Number.NaN, Infinity, -Infinity])('finds no range where a value is %d', (value) => {
    for (const at of [0, 17, 99])
      expect(
        scan.range(Float32Array.from({ length: 100 }, (_, i) => (i === at ? value : i))),
      ).toBeUndefined();
  });

  it.each([-2, -126, -140])('counts what @octavo/core counts in bins 2^%d wide', (exponent) => {
    fc.assert(
      fc.property(fc.array(numbers, { maxLength: 100 }), (list) => {
        const values = shifted(list.map((value) => (value / 4) * 2 ** Math.max(exponent, -149)));
        const bins = { exponent, low: -2, size: 5 };
        expect(scan.count(values, bins)).toEqual(float32Scan.count(values, bins));
      }),
    );
  });

  it('refuses values outside the bins', () => {
    expect(() => scan.count(Float32Array.of(4), { exponent: 0, low: -2, size: 5 })).toThrowError(
      /in: expected numbers within the bins/,
    );
  });

  it('gives observers the state that they have without it', () => {
    const sample = (seed: number) =>
      Float32Array.from({ length: 50_000 }, (_, i) => (i % 3 === 0 ? 0 : Math.sin(i * seed) * 2 ** (i % 9)));
    for (const kind of ['minmax', 'mse', 'moving-average'] as const) {
      const [plain, native] = [observers[kind].create(), observers[kind].create()];
      for (const seed of [1, 7, 0.1]) {
        plain.observe(sample(seed), 2);
        native.observe(sample(seed), 2, scan);
      }
      expect(native.toJSON()).toEqual(plain.toJSON());
    }
  });

  it('says where a histogram meets an infinity, and counts nothing', () => {
    const histogram = new Histogram();
    const values = Float32Array.from({ length: 20_000 }, (_, i) => (i === 12_345 ? Infinity : i));
    expect(() => histogram.add(values, scan)).toThrowError(/element 12345 of 20000 is Infinity/);
    expect(histogram.state).toEqual(new Histogram().state);
  });
});
