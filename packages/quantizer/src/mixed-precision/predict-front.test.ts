import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { LayerChoice, LayerOption } from './layer-choice.js';
import { type Limits, predictFront, type Sums, UNLIMITED } from './predict-front.js';

const layersOf = (choices: readonly (readonly LayerOption[])[]): LayerChoice[] =>
  choices.map((options, i) => ({ node: `${i}`, output: `${i}`, floatBytes: 0, multiplications: 1, options }));

describe('predictFront', () => {
  const sumsOf = (most: number, mostTime: number) =>
    fc.record({
      precision: fc.constantFrom('float' as const, 'w8a8' as const),
      bytes: fc.integer({ min: 1, max: most }),
      noise: fc.integer({ min: 0, max: most }),
      time: fc.integer({ min: 0, max: mostTime }),
    });
  const lists = (mostTime: number) =>
    fc.array(fc.array(sumsOf(40, mostTime), { minLength: 1, maxLength: 4 }), { minLength: 1, maxLength: 5 });

  it.each([
    ['bytes and noise', 0],
    ['bytes, noise and time', 9],
  ])('is the front of %s that trying every assignment gives', (_, mostTime) => {
    fc.assert(
      fc.property(lists(mostTime), (choices) => {
        const front = predictFront(layersOf(choices));
        expect(front.map(({ bytes, noise, time }) => ({ bytes, noise, time }))).toEqual(
          frontByTryingAll(choices),
        );
      }),
      { numRuns: 200 },
    );
  });

  it('is what lies within limits of that front', () => {
    const limit = (most: number) => fc.oneof(fc.constant(UNLIMITED.time), fc.integer({ min: 0, max: most }));
    fc.assert(
      fc.property(lists(9), limit(120), limit(25), (choices, bytes, time) => {
        const front = predictFront(layersOf(choices), { bytes, time });
        expect(front.map((each) => ({ bytes: each.bytes, noise: each.noise, time: each.time }))).toEqual(
          frontByTryingAll(choices, { bytes, time }),
        );
      }),
      { numRuns: 200 },
    );
  });

  it('gives the options that its sums are made of', () => {
    const options: LayerOption[] = [
      { precision: 'float', bytes: 8, noise: 0, time: 0.5 },
      { precision: 'w8a8', bytes: 2, noise: 1, time: 0.25 },
    ];
    for (const { options: chosen, ...sums } of predictFront(layersOf([options, options, options]))) {
      expect(chosen).toHaveLength(3);
      for (const axis of ['bytes', 'noise', 'time'] as const)
        expect(chosen.reduce((sum, each) => sum + each[axis], 0)).toBe(sums[axis]);
    }
  });

  it.each([
    ['alike', 0],
    ['different', 1],
  ])('stays close to the front with thousands of states whose times are %s', (_, different) => {
    const choices = Array.from({ length: 24 }, (_, i): LayerOption[] => {
      const size = 1000 + ((i * 7919) % 977);
      const time = different * (1 + ((i * 37) % 23));
      return [
        { precision: 'float', bytes: 4 * size, noise: 0, time: 2 * time },
        { precision: 'w8a8', bytes: size, noise: 0.001 * (1 + ((i * 31) % 17)), time },
        { precision: 'w4a8', bytes: size / 2, noise: 0.1 * (1 + ((i * 13) % 11)), time: 40 * time },
      ];
    });
    const front = predictFront(layersOf(choices));
    expect(front.length).toBeLessThanOrEqual(4096);
    const all = (precision: string) =>
      front.findIndex(({ options }) => options.every((each) => each.precision === precision));
    expect(all('w4a8')).toBe(0);
    expect(front.at(-1)?.noise).toBe(0);
    if (different) expect(all('w8a8')).toBeGreaterThan(0);
  });
});

/** By bytes, then noise. */
function frontByTryingAll(choices: readonly (readonly LayerOption[])[], limits: Limits = UNLIMITED): Sums[] {
  let all: Sums[] = [{ bytes: 0, noise: 0, time: 0 }];
  for (const list of choices)
    all = all.flatMap(({ bytes, noise, time }) =>
      list.map((each) => ({
        bytes: bytes + each.bytes,
        noise: noise + each.noise,
        time: time + each.time,
      })),
    );
  const within = all.filter(({ bytes, time }) => bytes <= limits.bytes && time <= limits.time);
  const isDominated = (a: Sums): boolean =>
    within.some(
      (b) =>
        b.bytes <= a.bytes &&
        b.noise <= a.noise &&
        b.time <= a.time &&
        (b.bytes < a.bytes || b.noise < a.noise || b.time < a.time),
    );
  const front = new Map(
    within.filter((sums) => !isDominated(sums)).map((sums) => [JSON.stringify(sums), sums]),
  );
  return [...front.values()].sort((a, b) => a.bytes - b.bytes || a.noise - b.noise);
}
