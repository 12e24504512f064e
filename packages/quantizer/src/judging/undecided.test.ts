import { evaluate, type Figure, mae, type Scored, topK } from '@octavo/evaluation';
import { describe, expect, it } from 'vitest';
import { undecided } from './undecided.js';

const top1 = topK(1);

function scoredOf(scores: readonly number[]): Scored[] {
  return scores.map((score, i) => ({ id: `${i}`, score, prediction: 0, label: 0, columns: {} }));
}

/** Of `count` samples that the original has right, the quantized model misses every `step`-th. */
function missing(count: number, step: number): Figure {
  const ones = Array.from({ length: count }, () => 1);
  const own = ones.map((_, i) => (i % step === step - 1 ? 0 : 1));
  return evaluate(top1, scoredOf(own), { original: scoredOf(ones) }).overall;
}

/** Errors of 1 and 2 in turn that grow by a share on every other pair. */
function growing(count: number, share: number): Figure {
  const errors = Array.from({ length: count }, (_, i) => 1 + (i % 2));
  const own = errors.map((error, i) => (i % 4 < 2 ? error : error * (1 + 2 * share)));
  return evaluate(mae, scoredOf(own), { original: scoredOf(errors) }).overall;
}

describe('whether validation samples decide on a limit', () => {
  it.each([
    ['kept by far', missing(2000, 400), 0.99, undefined],
    ['missed by far', missing(2000, 20), 0.99, undefined],
    ['kept, with the limit in the interval', missing(400, 134), 0.99, /\(400\): the 95% interval .* 1\.00%$/],
    [
      'missed, with the limit in the interval',
      missing(400, 80),
      0.99,
      /\(400\): the 95% interval .* 1\.00%$/,
    ],
  ])('a drop of hits %s', (_, figure, minRetention, text) => {
    const found = undecided(figure, { minRetention }, top1);
    if (text) expect(found).toMatch(text);
    else expect(found).toBeUndefined();
  });

  it('takes the drop of errors as relative', () => {
    const figure = growing(200, 0.05);
    expect(figure.original?.drop).toBeCloseTo(0.05, 3);
    expect(undecided(figure, { minRetention: 1 / 1.05 }, mae)).toMatch(/holds the limit of 5\.00%$/);
    expect(undecided(figure, { minRetention: 1 / 1.1 }, mae)).toBeUndefined();
    expect(undecided(figure, { minRetention: 1 / 1.01 }, mae)).toBeUndefined();
  });

  it('holds against hits that never differ that there may be too few of them', () => {
    const never = (count: number): Figure => missing(count, count + 1);
    expect(undecided(never(367), { minRetention: 0.99 }, top1)).toMatch(/none tells .* 368 would decide/);
    expect(undecided(never(368), { minRetention: 0.99 }, top1)).toBeUndefined();
    expect(undecided(growing(10, 0), { minRetention: 0.99 }, mae)).toBeUndefined();
  });

  it('has no interval from one sample, and nothing to say of what is not defined', () => {
    expect(undecided(missing(1, 2), { minRetention: 0.99 }, top1)).toBe(
      'too few samples (1) for an interval of the drop',
    );
    const alone = evaluate(top1, scoredOf([1, 0])).overall;
    expect(undecided(alone, { minRetention: 0.99 }, top1)).toBeUndefined();
    const nan = evaluate(mae, scoredOf([Number.NaN, 1]), { original: scoredOf([1, 1]) }).overall;
    expect(undecided(nan, { minRetention: 0.99 }, mae)).toBeUndefined();
  });
});
