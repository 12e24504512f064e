import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type AxisResize,
  type CoordinateMode,
  cubic,
  filterTaps,
  LINEAR,
  nearestCoordinates,
} from './resize-axis.js';

const modes: readonly CoordinateMode[] = [
  'half_pixel',
  'half_pixel_symmetric',
  'pytorch_half_pixel',
  'align_corners',
  'asymmetric',
  'tf_half_pixel_for_nn',
];

const axes = fc
  .record({
    from: fc.integer({ min: 1, max: 9 }),
    to: fc.integer({ min: 1, max: 20 }),
    coordinates: fc.constantFrom(...modes),
  })
  .map((axis): AxisResize => ({ ...axis, scale: axis.to / axis.from, crop: [0, 1] }));

describe('resizing an axis', () => {
  it('mixes elements of the input with weights that sum to 1', () => {
    const filters = fc.constantFrom(LINEAR, cubic(-0.75), cubic(-0.5));
    fc.assert(
      fc.property(axes, filters, fc.boolean(), (axis, filter, antialias) => {
        const taps = filterTaps(axis, filter, { antialias, excludeOutside: false });
        expect(taps).toHaveLength(axis.to);
        for (const { indices, weights } of taps) {
          expect(indices.every((index) => index >= 0 && index < axis.from)).toBe(true);
          expect(weights.reduce((sum, weight) => sum + weight, 0)).toBeCloseTo(1, 9);
        }
      }),
    );
  });

  it('keeps every element when the size stays', () => {
    for (const coordinates of modes.filter((mode) => mode !== 'tf_half_pixel_for_nn')) {
      const axis: AxisResize = { from: 5, to: 5, scale: 1, coordinates, crop: [0, 1] };
      expect(nearestCoordinates(axis, 'round_prefer_floor')).toEqual(Int32Array.of(0, 1, 2, 3, 4));
    }
  });

  it('repeats elements when doubling to the nearest', () => {
    const axis: AxisResize = { from: 2, to: 4, scale: 2, coordinates: 'asymmetric', crop: [0, 1] };
    expect(nearestCoordinates(axis, 'floor')).toEqual(Int32Array.of(0, 0, 1, 1));
    expect(nearestCoordinates(axis, 'ceil')).toEqual(Int32Array.of(0, 1, 1, 1));
  });
});
