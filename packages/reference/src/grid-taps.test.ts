import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type GridPadding, type Interpolation, pixelCoordinate, tapsAt } from './grid-taps.js';

const interpolation = fc.constantFrom<Interpolation>('nearest', 'linear', 'cubic');
const padding = fc.constantFrom<GridPadding>('border', 'reflection');

describe('grid sampling along one axis', () => {
  it('puts -1 and 1 on the corners, or half a pixel outside', () => {
    expect([pixelCoordinate(-1, 5, true), pixelCoordinate(1, 5, true)]).toEqual([0, 4]);
    expect([pixelCoordinate(-1, 5, false), pixelCoordinate(1, 5, false)]).toEqual([-0.5, 4.5]);
  });

  it('weighs elements inside the axis with a sum of 1, however far outside the coordinate is', () => {
    fc.assert(
      fc.property(
        fc.double({ noNaN: true, min: -50, max: 50 }),
        fc.integer({ min: 1, max: 9 }),
        interpolation,
        padding,
        fc.boolean(),
        (coordinate, size, mode, pad, align) => {
          const taps = tapsAt(coordinate, size, mode, pad, align);
          expect(taps.every(({ index }) => Number.isInteger(index) && index >= 0 && index < size)).toBe(true);
          expect(taps.reduce((sum, { weight }) => sum + weight, 0)).toBeCloseTo(1, 10);
        },
      ),
    );
  });

  it('marks elements outside as zeros when it pads with zeros', () => {
    expect(tapsAt(-0.25, 3, 'linear', 'zeros', true)).toEqual([
      { index: -1, weight: 0.25 },
      { index: 0, weight: 0.75 },
    ]);
  });

  it('gives the element itself at its own coordinate', () => {
    for (const mode of ['nearest', 'linear', 'cubic'] as const) {
      const heavy = tapsAt(2, 5, mode, 'zeros', false).filter(({ weight }) => weight !== 0);
      expect(heavy).toEqual([{ index: 2, weight: 1 }]);
    }
  });
});
