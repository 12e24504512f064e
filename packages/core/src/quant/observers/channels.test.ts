import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ChannelObservers } from './channels.js';
import { type ObserverName, observers } from './index.js';

const KINDS = Object.keys(observers) as ObserverName[];

const tensors = fc
  .record({
    outer: fc.integer({ min: 1, max: 3 }),
    count: fc.integer({ min: 1, max: 4 }),
    inner: fc.integer({ min: 1, max: 3 }),
  })
  .chain(({ outer, count, inner }) =>
    fc.record({
      shape: fc.constant([outer, count, inner]),
      batches: fc.array(
        fc.array(fc.float({ noNaN: true, noDefaultInfinity: true, min: -100, max: 100 }), {
          minLength: outer * count * inner,
          maxLength: outer * count * inner,
        }),
        { minLength: 1, maxLength: 4 },
      ),
    }),
  );

/** The elements of one channel of [outer, count, inner], in order. */
function channelOf(
  values: readonly number[],
  [, count = 1, inner = 1]: readonly number[],
  channel: number,
): Float32Array {
  return Float32Array.from(values.filter((_, i) => Math.floor(i / inner) % count === channel));
}

describe.each(KINDS)('ChannelObservers of %s', (kind) => {
  it('see of each channel what an observer of that channel alone sees, whole and merged', () => {
    fc.assert(
      fc.property(tensors, fc.constantFrom(1, -2), ({ shape, batches }, axis) => {
        const whole = new ChannelObservers(kind, axis);
        const merged = new ChannelObservers(kind, axis);
        const alone = Array.from({ length: shape[1] ?? 0 }, () => observers[kind].create());
        for (const batch of batches) {
          whole.observe(Float32Array.from(batch), shape, shape[0]);
          const part = new ChannelObservers(kind, axis);
          part.observe(Float32Array.from(batch), shape, shape[0]);
          merged.merge(part);
          alone.forEach((observer, c) => {
            observer.observe(channelOf(batch, shape, c), shape[0]);
          });
        }
        expect(whole.toJSON().channels).toEqual(alone.map((observer) => observer.toJSON()));
        expect(merged.toJSON()).toEqual(whole.toJSON());
        expect(whole.ranges()).toEqual(alone.map((observer) => observer.range()));
        const restored = ChannelObservers.restore(JSON.parse(JSON.stringify(whole.toJSON())));
        expect(restored.ranges()).toEqual(whole.ranges());
      }),
      { numRuns: 10 },
    );
  });
});

describe('ChannelObservers', () => {
  it('refuse other numbers of channels, other kinds, and damaged states', () => {
    const channels = new ChannelObservers('minmax', 1);
    expect(() => channels.ranges()).toThrow(/no values/);
    channels.observe(Float32Array.of(1, 2), [1, 2]);
    expect(() => channels.observe(Float32Array.of(1, 2, 3), [1, 3])).toThrow(/3 channels where 2/);
    expect(() => channels.merge(new ChannelObservers('mse', 1))).toThrow(/minmax/);
    expect(() => channels.merge(new ChannelObservers('minmax', 0))).toThrow(/minmax/);
    const state = channels.toJSON();
    for (const damaged of [
      { ...state, kind: 'none' },
      { ...state, axis: 0.5 },
      { ...state, channels: [{ kind: 'mse' }] },
    ])
      expect(() => ChannelObservers.restore(damaged)).toThrow(/damaged/);
  });
});
