import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { broadcastShapes } from '../tensor/index.js';
import {
  axisIn,
  broadcastDims,
  knownShape,
  mergeDims,
  productOfDims,
  reshapeDims,
  sumOfDims,
} from './dims.js';
import type { Dim } from './value.js';

describe('broadcastDims', () => {
  it('agrees with broadcastShapes on sizes', () => {
    const shapes = fc.array(fc.array(fc.constantFrom(1, 2, 3), { maxLength: 4 }), {
      minLength: 1,
      maxLength: 3,
    });
    fc.assert(
      fc.property(shapes, (all) => {
        let expected: number[];
        try {
          expected = broadcastShapes(...all);
        } catch {
          expect(() => broadcastDims(...all)).toThrow(/do not broadcast/);
          return;
        }
        expect(broadcastDims(...all)).toEqual(expected);
      }),
    );
  });

  it.each<[readonly Dim[], readonly Dim[], readonly Dim[]]>([
    [
      ['N', 3],
      ['N', 1],
      ['N', 3],
    ],
    [['N'], [1], ['N']],
    [['N'], [4], [4]],
    [['N'], ['M'], [null]],
    [[null], [1], [null]],
    [[2, 3], ['N'], [2, 3]],
  ])('gives %j and %j the shape %j', (a, b, expected) => {
    expect(broadcastDims(a, b)).toEqual(expected);
    expect(broadcastDims(b, a)).toEqual(expected);
  });

  it('knows nothing when a rank is unknown', () => {
    expect(broadcastDims([1], undefined)).toBeUndefined();
  });
});

describe('mergeDims', () => {
  it('keeps the more precise description', () => {
    expect(mergeDims(['N', null, 3, null], ['M', 'C', null, null])).toEqual(['N', 'C', 3, null]);
    expect(mergeDims(undefined, [1])).toEqual([1]);
    expect(mergeDims(['N'], [5])).toEqual([5]);
  });

  it('refuses other sizes and ranks', () => {
    expect(() => mergeDims([2], [3])).toThrow('a dimension is both 2 and 3');
    expect(() => mergeDims([2], [2, 2])).toThrow('a shape is both [2] and [2, 2]');
  });
});

describe('products and sums of dimensions', () => {
  it.each<[readonly Dim[], Dim, Dim]>([
    [[], 1, 0],
    [[2, 3], 6, 5],
    [['N', 1], 'N', null],
    [['N', 0], 0, 'N'],
    [['N', 2], null, null],
    [[null, 1], null, null],
    [['N', 'M'], null, null],
  ])('%j multiply to %j and add to %j', (dims, product, sum) => {
    expect(productOfDims(dims)).toBe(product);
    expect(sumOfDims(dims)).toBe(sum);
  });
});

describe('reshapeDims', () => {
  it.each<[readonly Dim[] | undefined, readonly Dim[], readonly Dim[]]>([
    [
      [2, 3, 4],
      [4, -1],
      [4, 6],
    ],
    [
      ['N', 3, 4],
      [0, -1],
      ['N', 12],
    ],
    [
      ['N', 3, 4],
      [-1, 12],
      ['N', 12],
    ],
    [
      ['N', 3, 4],
      ['N', -1],
      ['N', 12],
    ],
    [
      ['N', 'S', 4],
      ['N', 'S', 2, -1],
      ['N', 'S', 2, 2],
    ],
    [['N', 3], [-1], [null]],
    [undefined, [0, 4], [null, 4]],
  ])('gives %j under %j the shape %j', (input, target, expected) => {
    expect(reshapeDims(input, target)).toEqual(expected);
  });

  it('reads 0 as a size when zeros are allowed', () => {
    expect(reshapeDims([0, 3], [3, 0], true)).toEqual([3, 0]);
  });

  it.each<[readonly Dim[], readonly Dim[], string]>([
    [[6], [4], 'has 6 elements, the new shape [4] 4'],
    [[6], [4, -1], '6 elements do not divide into rows of 4'],
    [[6], [-1, -1], '-1 more than once'],
  ])('refuses %j under %j', (input, target, message) => {
    expect(() => reshapeDims(input, target)).toThrow(message);
  });
});

it('counts axes from the front and refuses those outside', () => {
  expect([axisIn(-1, 3), axisIn(2, 3)]).toEqual([2, 2]);
  expect(() => axisIn(3, 3)).toThrow('axis 3 is outside rank 3');
  expect(knownShape([1, 'N'])).toBeUndefined();
});
