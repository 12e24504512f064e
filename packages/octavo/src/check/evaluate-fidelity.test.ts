import { parseSegmentation, type Scored } from '@octavo/evaluation';
import { describe, expect, it } from 'vitest';
import { evaluateFidelity } from './evaluate-fidelity.js';

const scored = (label: number, last = label): Scored[] =>
  [0, 1, 2, 3].map((i) => ({
    id: `${i}`,
    score: i,
    weight: 10,
    prediction: 0,
    label: i === 3 ? last : label,
    columns: { zone: i % 2 },
  }));

const fidelityOf = (...labels: [number, number?]) =>
  new Map(['sqnr', 'cosine', 'kl'].map((name) => [name, scored(...labels)]));

const named = (specs: readonly string[]) => specs.map((spec) => ({ ...parseSegmentation(spec), spec }));

function evaluated(fidelity: Map<string, Scored[]>, specs: readonly string[], demanded?: readonly string[]) {
  const notices: string[] = [];
  const notice = (line: string) => void notices.push(line);
  return { all: evaluateFidelity(fidelity, named(specs), notice, new Set(demanded)), notices };
}

describe('evaluateFidelity', () => {
  it('divides by the label where samples have one', () => {
    const { all, notices } = evaluated(fidelityOf(7), ['zone', 'label']);
    expect(all).toHaveLength(3);
    for (const { segments } of all)
      expect(segments.map(({ by, segments: parts }) => [by, parts.length])).toEqual([
        ['zone', 2],
        ['label', 1],
      ]);
    expect(notices).toEqual([]);
  });

  it.each([
    ['no sample has', fidelityOf(Number.NaN), '0'],
    ['one sample lacks', fidelityOf(7, Number.NaN), '3'],
  ])('leaves out the label that %s, which is noticed once', (_, fidelity, id) => {
    const { all, notices } = evaluated(fidelity, ['zone', 'label', 'label:quantile2']);
    expect(all).toHaveLength(3);
    for (const { segments } of all) expect(segments.map(({ by }) => by)).toEqual(['zone']);
    expect(notices).toEqual(
      ['label', 'label:quantile2'].map(
        (spec) =>
          `closeness to the original is not divided by ${spec}: ${id} has no label, or one for each row.`,
      ),
    );
  });

  it.each(['label', 'label:quantile2'])('refuses the demanded %s where a sample has none', (spec) => {
    const demand = () => evaluated(fidelityOf(7, Number.NaN), [spec], [spec]);
    expect(demand).toThrow(expect.objectContaining({ code: 'SEGMENT_COLUMN', where: '3' }));
    expect(demand).toThrow('Name the labels with --label, or divide by columns: it has zone.');
  });
});
