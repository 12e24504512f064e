import { parseSegmentation, type Scored } from '@octavo/evaluation';
import { describe, expect, it } from 'vitest';
import { evaluateFidelity } from './evaluate-fidelity.js';

const scored = (label: number): Scored[] =>
  [0, 1, 2, 3].map((i) => ({
    id: `${i}`,
    score: i,
    weight: 10,
    prediction: 0,
    label,
    columns: { zone: i % 2 },
  }));

const fidelityOf = (label: number) => new Map(['sqnr', 'cosine', 'kl'].map((name) => [name, scored(label)]));

const segmentations = ['zone', 'label'].map((spec) => ({ ...parseSegmentation(spec), spec }));

describe('evaluateFidelity', () => {
  it('divides by the label where samples have one', () => {
    for (const { segments } of evaluateFidelity(fidelityOf(7), segmentations))
      expect(segments.map(({ by, segments: parts }) => [by, parts.length])).toEqual([
        ['zone', 2],
        ['label', 1],
      ]);
  });

  it('leaves the label out where samples have none, or one a row, unless it is demanded', () => {
    for (const { segments } of evaluateFidelity(fidelityOf(Number.NaN), segmentations))
      expect(segments.map(({ by }) => by)).toEqual(['zone']);
    const quantiles = [{ ...parseSegmentation('label:quantile2'), spec: 'label:quantile2' }];
    const demand = () => evaluateFidelity(fidelityOf(Number.NaN), quantiles, new Set(['label:quantile2']));
    expect(demand).toThrow(expect.objectContaining({ code: 'SEGMENT_NUMBER' }));
  });
});
