import { describe, expect, it } from 'vitest';
import { OUTSIDE } from './indices.js';
import { paddedCoordinates } from './padding.js';

describe('padded axes', () => {
  it.each([
    ['constant', [OUTSIDE, OUTSIDE, 0, 1, 2, OUTSIDE]],
    ['edge', [0, 0, 0, 1, 2, 2]],
    ['reflect', [2, 1, 0, 1, 2, 1]],
    ['wrap', [1, 2, 0, 1, 2, 0]],
  ] as const)('show the elements of mode %s', (mode, expected) => {
    expect(paddedCoordinates(3, 2, 1, mode)).toEqual(Int32Array.from(expected));
  });

  it('crop with negative pads', () => {
    expect(paddedCoordinates(4, -1, -2, 'constant')).toEqual(Int32Array.of(1));
  });

  it('refuse to crop more than there is', () => {
    expect(() => paddedCoordinates(2, -2, -1, 'edge')).toThrow(/remove more than the 2 elements/);
  });
});
