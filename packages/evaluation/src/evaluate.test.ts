import { describe, expect, it } from 'vitest';
import { bootstrapInterval } from './bootstrap.js';
import { dropOf, evaluate } from './evaluate.js';
import { mape, type Scored, topK } from './metrics/index.js';
import { parseSegmentation } from './segments.js';

/** Numbers in [0, 1), the same for the same seed. */
function uniforms(count: number, seed: number): number[] {
  let state = (seed * 2654435761) >>> 0;
  return Array.from({ length: count }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  });
}

function scoredOf(scores: readonly number[], changes: Partial<Scored> = {}): Scored[] {
  return scores.map((score, i) => ({
    id: `${i}`,
    score,
    prediction: 0,
    label: i,
    columns: { half: i < scores.length / 2 ? 'first' : 'second' },
    ...changes,
  }));
}

const mean = (values: readonly number[]) => (indices: Uint32Array) =>
  indices.reduce((sum, index) => sum + (values[index] ?? 0), 0) / indices.length;

describe('bootstrapInterval', () => {
  it('gives the same interval for the same seed', () => {
    const values = uniforms(50, 1);
    expect(bootstrapInterval(50, mean(values), 7)).toEqual(bootstrapInterval(50, mean(values), 7));
    expect(bootstrapInterval(50, mean(values), 7)).not.toEqual(bootstrapInterval(50, mean(values), 8));
  });

  it('covers the mean of the population in about 95 of 100 samples from it', () => {
    let covered = 0;
    for (let seed = 1; seed <= 200; seed++) {
      const { low, high } = bootstrapInterval(60, mean(uniforms(60, seed)), seed);
      if (low <= 0.5 && 0.5 <= high) covered++;
    }
    expect(covered / 200).toBeGreaterThan(0.89);
    expect(covered / 200).toBeLessThan(0.99);
  });

  it('shrinks with the square root of the number of samples', () => {
    const width = (count: number): number => {
      const { low, high } = bootstrapInterval(count, mean(uniforms(count, 3)));
      return high - low;
    };
    expect(width(100) / width(1600)).toBeGreaterThan(3);
    expect(width(100) / width(1600)).toBeLessThan(5.5);
  });

  it('leaves out draws without a value, and is NaN when there is none', () => {
    const some = bootstrapInterval(4, (indices) => (indices.includes(0) ? 1 : Number.NaN));
    expect(some).toEqual({ low: 1, high: 1 });
    expect(bootstrapInterval(3, () => Number.NaN)).toEqual({ low: Number.NaN, high: Number.NaN });
    expect(bootstrapInterval(0, mean([]))).toEqual({ low: Number.NaN, high: Number.NaN });
  });

  it('is NaN for a single group, of which every draw is the same', () => {
    const nothing = { low: Number.NaN, high: Number.NaN };
    expect(bootstrapInterval(3, mean([1, 2, 3]), 1, [[0, 1, 2]])).toEqual(nothing);
    expect(bootstrapInterval(1, mean([1]))).toEqual(nothing);
    const two = bootstrapInterval(3, mean([1, 2, 3]), 1, [[0, 1], [2]]);
    expect(two.high).toBeGreaterThan(two.low);
  });
});

describe('evaluate', () => {
  it('draws whole samples where a sample has many rows, such as tokens', () => {
    const hits = uniforms(50, 5).map((value) => Number(value > 0.4));
    const rows = hits.flatMap((hit, i) =>
      Array.from({ length: 20 + (i % 2) }, (_, row) => ({ id: `s${i}[${row}]`, sample: `s${i}`, hit })),
    );
    const tokens = rows.map(({ hit, ...place }) => ({ ...scoredOf([hit])[0], ...place })) as Scored[];
    const width = (scored: Scored[]): number => {
      const { low, high } = evaluate(topK(1), scored).overall.interval;
      return high - low;
    };
    const [whole, byToken, alone] = [
      width(scoredOf(hits)),
      width(tokens),
      width(tokens.map(({ sample: _, ...token }) => token)),
    ];
    expect(byToken / whole).toBeGreaterThan(0.85);
    expect(byToken / whole).toBeLessThan(1.15);
    expect(alone / whole).toBeLessThan(0.35);
    const pair = evaluate(topK(1), tokens, { original: tokens.map((token) => ({ ...token, score: 1 })) });
    const drop = pair.overall.original?.interval ?? { low: 0, high: 0 };
    expect((drop.high - drop.low) / whole).toBeGreaterThan(0.85);
  });

  it('summarizes overall and by segment, with counts', () => {
    const result = evaluate(topK(1), scoredOf([1, 1, 0, 0, 0, 0, 0, 1]), {
      segmentations: [{ ...parseSegmentation('half'), spec: 'half' }],
    });
    expect([result.metric, result.higherIsBetter, result.unit]).toEqual(['top1', true, '%']);
    expect([result.overall.count, result.overall.value]).toEqual([8, 0.375]);
    expect(result.overall.interval.low).toBeLessThan(0.375);
    expect(result.overall.interval.high).toBeGreaterThan(0.375);
    expect(result.overall.original).toBeUndefined();
    expect(
      result.segments.map(({ by, segments }) => [
        by,
        segments.map(({ name, count, value }) => [name, count, value]),
      ]),
    ).toEqual([
      [
        'half',
        [
          ['first', 4, 0.5],
          ['second', 4, 0.25],
        ],
      ],
    ]);
  });

  it('gives retention and drop of a higher-is-better metric in its own unit', () => {
    const { overall } = evaluate(topK(1), scoredOf([1, 1, 1, 0]), { original: scoredOf([1, 1, 1, 1]) });
    expect(overall.original).toMatchObject({ value: 1, retention: 0.75, drop: 0.25 });
  });

  it('gives retention and drop of an error metric relative to the original', () => {
    const { overall } = evaluate(mape, scoredOf([0.1, 0.3]), { original: scoredOf([0.1, 0.15]) });
    expect(overall.value).toBeCloseTo(0.2, 14);
    expect(overall.original?.value).toBeCloseTo(0.125, 14);
    expect(overall.original?.retention).toBeCloseTo(0.625, 14);
    expect(overall.original?.drop).toBeCloseTo(0.6, 14);
  });

  it('sees no loss where both models are equal, even where both are perfect or both are useless', () => {
    for (const metric of [topK(1), mape]) {
      for (const score of [0, 1]) {
        const { overall } = evaluate(metric, scoredOf([score, score]), {
          original: scoredOf([score, score]),
        });
        expect(overall.original).toMatchObject({ retention: 1, drop: 0, interval: { low: 0, high: 0 } });
      }
    }
    expect(dropOf(mape, 0, 0.1)).toBe(Number.POSITIVE_INFINITY);
    expect(dropOf(topK(1), 0.5, 0.6)).toBeCloseTo(-0.1, 14);
  });

  it('judges the drop on paired samples: shared difficulty does not widen its interval', () => {
    const original = uniforms(300, 1).map((value) => (value < 0.6 ? 1 : 0));
    const quantized = original.map((score, i) => (i % 100 === 0 ? 0 : score));
    const { overall } = evaluate(topK(1), scoredOf(quantized), { original: scoredOf(original) });
    const { interval } = overall;
    const drop = overall.original?.interval ?? { low: -1, high: 1 };
    expect(drop.high - drop.low).toBeLessThan((interval.high - interval.low) / 4);
    expect(drop.low).toBeGreaterThanOrEqual(0);
  });

  it('refuses runs over different samples', () => {
    expect(() => evaluate(mape, scoredOf([0, 1]), { original: scoredOf([0]) })).toThrow(/different samples/);
    expect(() => evaluate(mape, scoredOf([0]), { original: scoredOf([0], { id: 'x' }) })).toThrow(
      /different samples/,
    );
  });

  it('counts samples with NaN outputs on both sides', () => {
    const spoiled = [...scoredOf([0, 1, 1]), ...scoredOf([0], { id: 'bad', hasNaN: true })];
    const { overall } = evaluate(topK(1), spoiled, {
      original: [...scoredOf([1, 1, 1]), ...scoredOf([1], { id: 'bad' })],
    });
    expect(overall).toMatchObject({ value: 0.5, nanOutputs: 1 });
    expect(overall.original).not.toHaveProperty('nanOutputs');
  });
});
