import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cosine, type FidelityMetric, fidelityMetricNamed, kl, sqnr } from './index.js';

type Pair = readonly [output: readonly number[], original: readonly number[]];

function over(metric: FidelityMetric, pairs: readonly Pair[]): number {
  const scored = pairs.map(([output, original]) => metric.compare(output, original));
  return metric.summarize({
    scores: Float64Array.from(scored, ({ score }) => score),
    weights: Float64Array.from(scored, ({ weight = 1 }) => weight),
    labels: new Float64Array(scored.length).fill(Number.NaN),
    predictions: new Float64Array(scored.length),
  });
}

const numbers = fc.array(fc.double({ min: -8, max: 8, noNaN: true }), { minLength: 3, maxLength: 3 });

describe('sqnr', () => {
  it('is the ratio of the energies of all samples together', () => {
    const pairs: Pair[] = [
      [
        [3, 4],
        [3, 5],
      ],
      [[10], [12]],
    ];
    expect(over(sqnr, pairs)).toBeCloseTo(10 * Math.log10((9 + 25 + 144) / (1 + 4)), 12);
  });

  it('is infinite for equal outputs, infinities included, and worst for an output that lost its numbers', () => {
    expect(
      over(sqnr, [
        [
          [1, Number.POSITIVE_INFINITY],
          [1, Number.POSITIVE_INFINITY],
        ],
      ]),
    ).toBe(Number.POSITIVE_INFINITY);
    expect(
      over(sqnr, [
        [
          [1, Number.NaN],
          [1, 2],
        ],
      ]),
    ).toBe(Number.NEGATIVE_INFINITY);
    expect(over(sqnr, [])).toBeNaN();
  });
});

describe('cosine', () => {
  it('is the mean cosine of the angles', () => {
    expect(
      over(cosine, [
        [
          [2, 0],
          [1, 1],
        ],
        [
          [5, 5],
          [1, 1],
        ],
      ]),
    ).toBeCloseTo((Math.SQRT1_2 + 1) / 2, 12);
    expect(
      over(cosine, [
        [
          [0, 0],
          [0, 0],
        ],
      ]),
    ).toBe(1);
    expect(
      over(cosine, [
        [
          [0, 0],
          [1, 0],
        ],
      ]),
    ).toBe(0);
    expect(
      over(cosine, [
        [
          [Number.NaN, 0],
          [1, 0],
        ],
      ]),
    ).toBe(0);
  });
});

describe('kl', () => {
  it('is the divergence of the softmax distributions, by its definition', () => {
    fc.assert(
      fc.property(numbers, numbers, (output, original) => {
        const softmax = (values: readonly number[]): number[] => {
          const total = values.reduce((sum, value) => sum + Math.exp(value), 0);
          return values.map((value) => Math.exp(value) / total);
        };
        const [p, q] = [softmax(original), softmax(output)];
        const expected = p.reduce((sum, each, i) => sum + each * Math.log(each / (q[i] ?? 0)), 0);
        expect(over(kl, [[output, original]])).toBeCloseTo(expected, 9);
      }),
    );
  });

  it('is 0 for equal distributions and infinite for NaN', () => {
    expect(
      over(kl, [
        [
          [1, 2, 3],
          [11, 12, 13],
        ],
      ]),
    ).toBeCloseTo(0, 12);
    expect(
      over(kl, [
        [
          [Number.NaN, 2],
          [1, 2],
        ],
      ]),
    ).toBe(Number.POSITIVE_INFINITY);
  });
});

describe('fidelityMetricNamed', () => {
  it('names what there is', () => {
    expect(fidelityMetricNamed('sqnr')).toBe(sqnr);
    expect(() => fidelityMetricNamed('mape')).toThrow('Use one of sqnr, cosine, kl.');
  });
});
