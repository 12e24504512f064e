import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { observers } from './index.js';
import { shareBeyond } from './share-beyond.js';

const float = fc.float({ noNaN: true, noDefaultInfinity: true, min: -1e6, max: 1e6 });

describe('shareBeyond', () => {
  it('counts the values that lie beyond the bins of the ends', () => {
    fc.assert(
      fc.property(fc.array(float, { minLength: 1, maxLength: 50 }), float, float, (values, a, b) => {
        const observer = observers.mse.create();
        observer.observe(Float32Array.from(values));
        const state = observer.toJSON();
        const range = { min: Math.min(a, b, 0), max: Math.max(a, b, 0) };
        const width = 2 ** Number(state['exponent']);
        const bin = (value: number): number => Math.floor(value / width);
        const beyond = values.filter((v) => v !== 0 && (bin(v) < bin(range.min) || bin(v) > bin(range.max)));
        expect(shareBeyond(state, range)).toBeCloseTo(beyond.length / values.length, 12);
      }),
    );
  });

  it('says nothing of no values, and of states that are no histogram', () => {
    expect(shareBeyond(observers.mse.create().toJSON(), { min: 0, max: 1 })).toBeUndefined();
    const extremes = observers.minmax.create();
    extremes.observe(Float32Array.of(3));
    expect(shareBeyond(extremes.toJSON(), { min: 0, max: 1 })).toBeUndefined();
  });
});
