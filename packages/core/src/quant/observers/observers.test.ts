import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Observer, type ObserverName, observers } from './index.js';

const names = Object.keys(observers) as ObserverName[];

/** Values over many magnitudes, both signs, with repeats and zeros, from a fixed generator. */
function heavyTailed(count: number, seed = 1): Float32Array {
  let state = seed;
  const next = () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return (state + 0.5) / 2 ** 32;
  };
  return Float32Array.from({ length: count }, () => {
    const normal = Math.sqrt(-2 * Math.log(next())) * Math.cos(2 * Math.PI * next());
    return next() < 5e-5 ? normal * 25 : normal;
  });
}

function observing(observer: Observer, ...batches: Float32Array[]): Observer {
  for (const batch of batches) observer.observe(batch);
  return observer;
}

describe.each(names)('the %s observer', (name) => {
  const factory = observers[name];
  const samples = fc.array(
    fc.array(fc.float({ noNaN: true, noDefaultInfinity: true }), { minLength: 1, maxLength: 20 }),
    { minLength: 1, maxLength: 12 },
  );

  it('gives the same result for any order and any merge of the same samples', () => {
    fc.assert(
      fc.property(samples, fc.nat(), (lists, seed) => {
        const batches = lists.map((list) => Float32Array.from(list));
        const shuffled = [...batches].sort((a, b) => ((a.length * seed) % 7) - ((b.length * seed) % 7));
        const parts = [factory.create(), factory.create(), factory.create()];
        shuffled.forEach((batch, i) => {
          parts[(i + seed) % 3]?.observe(batch);
        });
        const merged = factory.create();
        for (const part of parts) merged.merge(part);
        const whole = observing(factory.create(), ...batches);
        expect(merged.toJSON()).toEqual(whole.toJSON());
        expect(merged.range()).toEqual(whole.range());
      }),
    );
  });

  it('gives the same result for samples in one batch and one by one', () => {
    const values = heavyTailed(4000);
    const single = factory.create();
    for (let i = 0; i < 4; i++) single.observe(values.subarray(i * 1000, (i + 1) * 1000));
    const batched = factory.create();
    batched.observe(values, 4);
    expect(batched.toJSON()).toEqual(single.toJSON());
    expect(batched.range()).toEqual(single.range());
  });

  it('resumes from its JSON as if it had never stopped', () => {
    const values = heavyTailed(2000);
    const first = observing(factory.create(), values.subarray(0, 700));
    const resumed = factory.restore(JSON.parse(JSON.stringify(first)));
    observing(resumed, values.subarray(700));
    observing(first, values.subarray(700));
    expect(resumed.toJSON()).toEqual(first.toJSON());
    expect(resumed.range()).toEqual(first.range());
    const empty = factory.restore(JSON.parse(JSON.stringify(factory.create())));
    expect(empty.toJSON()).toEqual(factory.create().toJSON());
  });

  it('keeps its range inside the values seen and 0', () => {
    const values = heavyTailed(3000);
    for (const symmetric of [false, true]) {
      const { min, max } = observing(factory.create({ symmetric }), values).range();
      const amax = Math.max(...values.map(Math.abs));
      expect(min).toBeGreaterThanOrEqual(symmetric ? -amax : Math.min(...values));
      expect(max).toBeLessThanOrEqual(symmetric ? amax : Math.max(...values));
      expect(min).toBeLessThan(0);
      expect(max).toBeGreaterThan(0);
    }
  });

  it('takes values of any length and number type, none included', () => {
    const observer = factory.create();
    observer.observe(new Float32Array(0));
    observer.observe(Int8Array.of(-3, 4));
    observer.observe(Float64Array.of(1.5));
    expect(observer.range().max).toBeGreaterThan(0);
  });

  it('keeps the range of zeros at zero', () => {
    expect(observing(factory.create(), new Float32Array(9)).range()).toEqual({ min: 0, max: 0 });
  });

  it.each([Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY])(
    'refuses %d, naming the element, and forgets nothing',
    (bad) => {
      const observer = observing(factory.create(), Float32Array.of(-1, 2));
      const before = JSON.stringify(observer);
      expect(() => observer.observe(Float32Array.of(5, bad))).toThrow(
        expect.objectContaining({
          code: 'QUANT_NOT_FINITE',
          message: expect.stringContaining(`element 1 of 2 is ${bad}`),
        }),
      );
      expect(JSON.stringify(observer)).toBe(before);
    },
  );

  it('has no range before the first value', () => {
    expect(() => factory.create().range()).toThrow(expect.objectContaining({ code: 'QUANT_NO_DATA' }));
  });

  it('refuses the data of another kind of observer', () => {
    const other = observers[name === 'mse' ? 'entropy' : 'mse'].create();
    expect(() => factory.create().merge(other)).toThrow(
      expect.objectContaining({ code: 'QUANT_OBSERVER_KIND' }),
    );
  });

  it('refuses damaged JSON', () => {
    const good = JSON.parse(JSON.stringify(observing(factory.create(), heavyTailed(100))));
    const damaged: unknown[] = [null, 7, {}, { kind: 'other' }];
    for (const field of Object.keys(good)) {
      for (const value of [null, 'x', -1e9, 1e9, [1, -1]]) damaged.push({ ...good, [field]: value });
    }
    const accepted = damaged.filter((state) => {
      try {
        const { min, max } = factory.restore(state).range();
        expect(min).toBeLessThanOrEqual(max);
        return true;
      } catch (error) {
        expect(error).toMatchObject({ code: expect.stringMatching(/^QUANT_(OBSERVER_STATE|NO_DATA)$/) });
        return false;
      }
    });
    expect(accepted.length).toBeLessThan(damaged.length / 4);
  });

  it('needs at most 4096 bins of memory for values over 60 orders of magnitude', () => {
    const observer = factory.create();
    for (let power = -30; power <= 30; power++)
      observer.observe(Float32Array.of(10 ** power, -(10 ** -power)));
    expect(JSON.stringify(observer).length).toBeLessThan(4096 * 6);
  });
});

describe('range choices', () => {
  const values = heavyTailed(200_000);
  const rangeOf = (name: ObserverName, options = {}) =>
    observing(observers[name].create(options), values).range();

  it('of min-max are the extremes', () => {
    const sorted = values.slice().sort();
    expect(rangeOf('minmax')).toEqual({ min: sorted[0], max: sorted.at(-1) });
  });

  it('of entropy, MSE and percentile differ from min-max where the tails are heavy', () => {
    const widest = rangeOf('minmax').max;
    for (const name of ['entropy', 'mse', 'percentile'] as const) {
      for (const symmetric of [false, true]) {
        const { min, max } = rangeOf(name, { symmetric, percentile: 99.9 });
        expect(max).toBeLessThan(widest * 0.8);
        expect(max).toBeGreaterThan(2);
        expect(min).toBeLessThan(-2);
      }
    }
  });

  it('of MSE clip more for fewer bits', () => {
    const widths = [8, 4, 3, 2].map((bits) => rangeOf('mse', { bits }).max);
    expect(widths).toEqual([...widths].sort((a, b) => b - a));
    expect(widths[3]).toBeLessThan(widths[0] ?? 0);
  });

  it('of uniform values are all of them for every observer', () => {
    const uniform = Float32Array.from({ length: 10_001 }, (_, i) => i / 5000 - 1);
    for (const name of names) {
      const { min, max } = observing(observers[name].create({ percentile: 100 }), uniform).range();
      expect([min, max]).toEqual([-1, 1]);
    }
  });

  it('of percentile keep the asked percentage', () => {
    for (const percentile of [99, 99.9]) {
      const { min, max } = rangeOf('percentile', { percentile });
      const inside = values.filter((value) => value >= min && value <= max).length / values.length;
      expect(inside * 100).toBeGreaterThanOrEqual(percentile);
      expect(inside * 100).toBeLessThan(percentile + 0.1);
    }
    const { min, max } = rangeOf('percentile', { percentile: 99, symmetric: true });
    expect(min).toBe(-max);
  });

  it('refuse a percentile outside 50 to 100', () => {
    expect(() => rangeOf('percentile', { percentile: 101 })).toThrow(
      expect.objectContaining({ code: 'QUANT_PERCENTILE' }),
    );
  });

  it('of the moving average are the means of the per-sample ranges', () => {
    const observer = observing(
      observers['moving-average'].create(),
      Float32Array.of(-1, 1),
      Float32Array.of(-3, 1),
      Float32Array.of(2, 4),
    );
    expect(observer.range()).toEqual({ min: (-1 - 3 + 2) / 3, max: 2 });
    expect(() => observer.observe(Float32Array.of(1, 2, 3), 2)).toThrow(
      expect.objectContaining({ code: 'QUANT_SAMPLES' }),
    );
  });
});
