import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { resolvePads, resolveTransposedPads, transposedWindowDims, windowDims } from './window-dims.js';

/** Counts window positions one by one. */
function countPositions(size: number, extent: number, stride: number, begin: number, end: number): number {
  let count = 0;
  for (let start = -begin; start + extent <= size + end; start += stride) count++;
  return count;
}

const axis = fc.record({
  size: fc.integer({ min: 1, max: 20 }),
  kernel: fc.integer({ min: 1, max: 5 }),
  stride: fc.integer({ min: 1, max: 4 }),
  dilation: fc.integer({ min: 1, max: 3 }),
  begin: fc.nat(3),
  end: fc.nat(3),
});

describe('windowDims', () => {
  it('counts the positions of the window', () => {
    fc.assert(
      fc.property(axis, ({ size, kernel, stride, dilation, begin, end }) => {
        const extent = (kernel - 1) * dilation + 1;
        fc.pre(extent <= size + begin + end);
        const window = { kernel: [kernel], strides: [stride], dilations: [dilation], pads: [begin, end] };
        expect(windowDims([size], window)).toEqual([countPositions(size, extent, stride, begin, end)]);
      }),
    );
  });

  it('refuses lists that have not one entry an axis', () => {
    const kernel = [3, 3];
    expect(() => windowDims([8, 8], { kernel, strides: [2] })).toThrow('1 strides for a window of rank 2.');
    expect(() => windowDims([8, 8], { kernel, dilations: [1, 1, 1] })).toThrow('3 dilations');
    expect(() => transposedWindowDims([8, 8], { kernel, pads: [1, 1] })).toThrow('2 pads');
    expect(windowDims([8, 8], { kernel, strides: [], dilations: [], pads: [] })).toEqual([6, 6]);
  });

  it('rounds up with ceil, but starts no window behind input and leading pad', () => {
    expect(windowDims([4], { kernel: [3], strides: [2], ceil: true })).toEqual([2]);
    expect(windowDims([2], { kernel: [1], strides: [2], pads: [0, 1], ceil: true })).toEqual([1]);
  });

  it('pads so that SAME divides by the stride, and its pads give that size', () => {
    fc.assert(
      fc.property(axis, fc.constantFrom('SAME_UPPER' as const, 'SAME_LOWER' as const), (each, autoPad) => {
        const { size, kernel, stride, dilation } = each;
        const window = { kernel: [kernel], strides: [stride], dilations: [dilation], autoPad };
        const expected = Math.ceil(size / stride);
        expect(windowDims([size], window)).toEqual([expected]);
        const pads = resolvePads([size], window);
        const [begin = 0, end = 0] = pads;
        expect(Math.abs(begin - end)).toBeLessThanOrEqual(1);
        expect(autoPad === 'SAME_UPPER' ? end >= begin : begin >= end).toBe(true);
        const explicit = { ...window, autoPad: 'NOTSET' as const, pads };
        expect(windowDims([size], explicit)[0]).toBeGreaterThanOrEqual(expected);
      }),
    );
  });

  it('keeps a symbol where every position has its window', () => {
    expect(windowDims(['H'], { kernel: [3], pads: [1, 1] })).toEqual(['H']);
    expect(windowDims(['H'], { kernel: [3], strides: [2], pads: [1, 1] })).toEqual([null]);
    expect(windowDims(['H'], { kernel: [3], autoPad: 'SAME_UPPER' })).toEqual(['H']);
  });

  it('refuses windows that do not fit', () => {
    expect(() => windowDims([2], { kernel: [3] })).toThrow(
      'a window of 3 is larger than its padded input of 2',
    );
    expect(() => windowDims([2, 2], { kernel: [1] })).toThrow('a window of rank 1 moves over 2 spatial axes');
    expect(() => windowDims([2], { kernel: [1], strides: [0] })).toThrow('stride 0');
  });
});

describe('transposedWindowDims', () => {
  it('is the inverse of a window that fits exactly', () => {
    fc.assert(
      fc.property(axis, ({ size, kernel, stride, dilation, begin, end }) => {
        const window = { kernel: [kernel], strides: [stride], dilations: [dilation], pads: [begin, end] };
        const extent = (kernel - 1) * dilation + 1;
        fc.pre(stride * (size - 1) + extent - begin - end >= 1);
        const output = transposedWindowDims([size], window);
        expect(windowDims(output, window)).toEqual([size]);
      }),
    );
  });

  it('finds the pads that give a wanted size', () => {
    const window = { kernel: [3], strides: [2], outputShape: [6] };
    expect(transposedWindowDims([3], window)).toEqual([6]);
    expect(resolveTransposedPads([3], window)).toEqual([1, 0]);
    expect(resolveTransposedPads([3], { ...window, autoPad: 'SAME_UPPER' })).toEqual([0, 1]);
  });
});
