import { float32, fromNumbers, type Tensor } from '@octavo/core/tensor';
import { describe, expect, it } from 'vitest';
import { checkFeeds, checkShapes } from './feeds.js';
import type { Port } from './session.js';

const PORTS: readonly Port[] = [
  { name: 'x', dtype: 'float32', shape: ['N', 3] },
  { name: 'mask', dtype: 'bool', shape: ['N', null] },
  { name: 'free', dtype: 'int8', shape: undefined },
];

const FEEDS = {
  x: float32([1, 2, 3, 4, 5, 6], [2, 3]),
  mask: fromNumbers('bool', [2, 1], [1, 0]),
  free: fromNumbers('int8', [], [4]),
};

/** The error that feeds are refused with. */
function refusal(change: Readonly<Record<string, Tensor | undefined>>): unknown {
  const feeds = Object.entries({ ...FEEDS, ...change }).flatMap(([name, tensor]) =>
    tensor ? [[name, tensor] as const] : [],
  );
  try {
    checkFeeds(PORTS, Object.fromEntries(feeds));
  } catch (error) {
    return error;
  }
  return undefined;
}

describe('feeds', () => {
  it('come back in the order of the inputs', () => {
    const { x, mask, free } = FEEDS;
    expect(checkFeeds(PORTS, { free, mask, x })).toEqual([x, mask, free]);
  });

  it.each([
    ['FEED_MISSING', { x: undefined }, 'input x', 'expected float32 [N, 3], found nothing.'],
    ['FEED_UNKNOWN', { y: FEEDS.x }, 'input y', 'the model has no such input; its inputs are x, mask, free.'],
    ['FEED_DTYPE', { free: FEEDS.x }, 'input free', 'expected int8, found float32.'],
    ['FEED_SHAPE', { x: float32([1, 2], [1, 2]) }, 'input x', 'expected float32 [N, 3], found [1, 2].'],
    ['FEED_SHAPE', { x: float32([1, 2, 3]) }, 'input x', 'expected float32 [N, 3], found [3].'],
    [
      'FEED_SHAPE',
      { mask: fromNumbers('bool', [3, 1], [1, 0, 1]) },
      'input mask',
      'expected bool [N, ?], found [3, 1]; N is 2 in input x.',
    ],
  ])('are refused with %s', (code, change, where, fault) => {
    expect(refusal(change)).toMatchObject({ name: 'SessionError', code, where, fault });
  });

  it.each([[undefined], [null], [3]])('are refused when they are %s', (feeds) => {
    expect(() => Reflect.apply(checkFeeds, undefined, [PORTS, feeds])).toThrow(
      expect.objectContaining({
        code: 'FEED_MISSING',
        fault: `expected tensors by the names of the inputs (x, mask, free), found ${feeds}.`,
      }),
    );
  });

  it.each([
    [{ dtype: 'float32', shape: [2, 3] }, 'data'],
    [[1, 2, 3], 'a shape'],
    [new Float32Array(6), 'a shape'],
  ])('are refused when one is %j, no tensor', (x, part) => {
    expect(() => Reflect.apply(checkFeeds, undefined, [PORTS, { ...FEEDS, x }])).toThrow(
      expect.objectContaining({
        code: 'FEED_TENSOR',
        where: 'input x',
        fault: `expected a tensor (float32 [N, 3]), found something without ${part}.`,
      }),
    );
  });

  it('of a name that every object inherits are missing', () => {
    const ports: readonly Port[] = [{ name: 'constructor', dtype: 'float32', shape: [] }];
    expect(() => checkFeeds(ports, {})).toThrow(expect.objectContaining({ code: 'FEED_MISSING' }));
  });
});

describe('shapes to plan for', () => {
  const shapes = { x: [2, 3], mask: [2, 5], free: [7] };

  it('come back in the order of the inputs', () => {
    expect(checkShapes(PORTS, shapes)).toEqual([[2, 3], [2, 5], [7]]);
  });

  it('may leave out an input that has no open dimension', () => {
    expect(checkShapes([{ name: 'x', dtype: 'int8', shape: [1, 2] }], {})).toEqual([[1, 2]]);
  });

  it.each([
    ['FEED_MISSING', { x: [2, 3], mask: [2, 5] }, 'input free'],
    ['FEED_UNKNOWN', { ...shapes, X: [2, 3] }, 'input X'],
    ['FEED_SHAPE', { ...shapes, x: [2, 3, 1] }, 'input x'],
    ['FEED_SHAPE', { ...shapes, x: [2, 4] }, 'input x'],
    ['FEED_SHAPE', { ...shapes, mask: [3, 5] }, 'input mask'],
    ['FEED_SHAPE', { ...shapes, free: [1.5] }, 'input free'],
    ['FEED_SHAPE', { ...shapes, free: [-1] }, 'input free'],
  ])('are refused as %s', (code, given, where) => {
    expect(() => checkShapes(PORTS, given)).toThrow(expect.objectContaining({ code, where }));
  });
});
