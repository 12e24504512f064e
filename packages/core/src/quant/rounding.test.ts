import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { roundHalfEven, roundSmall } from './rounding.js';
import { saturate } from './saturate.js';

describe('roundHalfEven', () => {
  it.each([
    [0.5, 0],
    [1.5, 2],
    [2.5, 2],
    [-0.5, -0],
    [-1.5, -2],
    [-2.5, -2],
    [0.49999999999999994, 0],
    [0.5000000000000001, 1],
    [4503599627370495.5, 4503599627370496],
    [4503599627370494.5, 4503599627370494],
    [-4503599627370495.5, -4503599627370496],
    [9007199254740991, 9007199254740991],
    [1e300, 1e300],
    [-0, -0],
    [Number.NaN, Number.NaN],
    [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY],
    [Number.NEGATIVE_INFINITY, Number.NEGATIVE_INFINITY],
  ])('takes %d to %d', (value, expected) => {
    expect(roundHalfEven(value)).toBe(expected);
  });

  it('takes every half to the even neighbour', () => {
    fc.assert(
      fc.property(fc.integer({ min: -(2 ** 50), max: 2 ** 50 }), (integer) => {
        const rounded = roundHalfEven(integer + 0.5);
        expect(Math.abs(rounded - (integer + 0.5))).toBe(0.5);
        expect(Math.abs(rounded % 2)).toBe(0);
      }),
    );
  });

  it('gives the nearest integer of any double', () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (value) => {
        const floor = Math.floor(value);
        const rest = value - floor;
        if (rest === 0.5) return;
        expect(roundHalfEven(value) + 0).toBe((rest < 0.5 ? floor : floor + 1) + 0);
      }),
    );
  });
});

describe('roundSmall', () => {
  it('agrees with roundHalfEven up to 2^51', () => {
    fc.assert(
      fc.property(fc.double({ min: -(2 ** 51), max: 2 ** 51, noNaN: true }), fc.boolean(), (value, half) => {
        const tried = half ? Math.floor(value) + 0.5 : value;
        expect(roundSmall(tried)).toBe(roundHalfEven(tried) + 0);
      }),
    );
    for (const value of [2 ** 51, -(2 ** 51), 2 ** 51 - 0.5, 0.5 - 2 ** 51]) {
      expect(roundSmall(value)).toBe(roundHalfEven(value));
    }
    expect(roundSmall(Number.NaN)).toBeNaN();
  });
});

describe('saturate', () => {
  const range = { min: -128, max: 127 };

  it('clamps to the range and leaves what is inside', () => {
    expect([-129, -128, 5, 127, 128].map((value) => saturate(value, range))).toEqual([
      -128, -128, 5, 127, 127,
    ]);
    expect(saturate(-0, range)).toBe(0);
    expect(saturate(Number.POSITIVE_INFINITY, range)).toBe(127);
    expect(saturate(Number.NEGATIVE_INFINITY, range)).toBe(-128);
  });

  it('gives the smallest integer for NaN', () => {
    expect(saturate(Number.NaN, range)).toBe(-128);
    expect(saturate(Number.NaN, { min: 0, max: 255 })).toBe(0);
  });
});
