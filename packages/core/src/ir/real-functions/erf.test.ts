import fc from 'fast-check';
import { expect, it } from 'vitest';
import { erf } from './erf.js';

it.each([
  [0, 0],
  [0.5, 0.5204998778130465],
  [1, 0.8427007929497149],
  [2, 0.9953222650189527],
  [3, 0.9999779095030014],
  [5.9, 1],
])('erf(%d) is %d, as Abramowitz and Stegun list it', (x, expected) => {
  expect(Math.abs(erf(x) - expected)).toBeLessThanOrEqual(4 * 2 ** -53);
});

it('erf is odd and lies within [-1, 1]', () => {
  fc.assert(
    fc.property(fc.double({ noNaN: true }), (x) => {
      expect(erf(-x)).toBe(-erf(x));
      expect(Math.abs(erf(x))).toBeLessThanOrEqual(1);
    }),
  );
});

it('erf of NaN is NaN', () => {
  expect(erf(Number.NaN)).toBeNaN();
});
