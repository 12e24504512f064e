import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseStrata, type SampleFacts, stratifiedIndices } from './stratify.js';

/** 60 sales in zip 1, 30 in 2 and 10 in 3; prices rise. */
const sales: SampleFacts[] = Array.from({ length: 100 }, (_, i) => ({
  columns: { zip: i % 10 === 9 ? '3' : i % 10 > 5 ? '2' : '1', price: i * 1000 },
  label: i % 2,
}));

const countBy = (indices: readonly number[], key: (index: number) => unknown): Record<string, number> => {
  const counts: Record<string, number> = {};
  for (const index of indices) counts[String(key(index))] = (counts[String(key(index))] ?? 0) + 1;
  return counts;
};

describe('parseStrata', () => {
  it('reads columns and quantiles', () => {
    expect(parseStrata('zip, price:quantile10')).toEqual([
      { column: 'zip' },
      { column: 'price', quantiles: 10 },
    ]);
  });

  it.each(['', 'a,', 'a:b', 'a:quantile1', ':quantile4'])('refuses "%s"', (text) => {
    expect(() => parseStrata(text)).toThrow(expect.objectContaining({ code: 'DATASET_STRATIFY' }));
  });
});

describe('stratifiedIndices', () => {
  it('keeps the shares of a column', () => {
    const indices = stratifiedIndices(sales, parseStrata('zip'), 20);
    expect(countBy(indices, (i) => sales[i]?.columns?.['zip'])).toEqual({ 1: 12, 2: 6, 3: 2 });
    expect(indices).toEqual([...indices].sort((a, b) => a - b));
  });

  it('takes as many of each band of a number', () => {
    const indices = stratifiedIndices(sales, parseStrata('price:quantile10'), 30);
    expect(Object.values(countBy(indices, (i) => Math.floor(i / 10)))).toEqual(new Array(10).fill(3));
  });

  it('takes at least one of each stratum, however rare', () => {
    const rare: SampleFacts[] = [...sales, { columns: { zip: '9', price: 1 }, label: 0 }];
    for (const seed of [1, 2, 3])
      expect(stratifiedIndices(rare, parseStrata('zip'), 4, seed)).toContain(rare.length - 1);
  });

  it('draws the same for the same seed and other samples for another', () => {
    const draw = (seed: number) => stratifiedIndices(sales, parseStrata('zip,label'), 20, seed);
    expect(draw(7)).toEqual(draw(7));
    expect(draw(7)).not.toEqual(draw(8));
  });

  it('gives exactly as many different samples as asked', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 0, max: 12 }), { minLength: 1, maxLength: 80 }),
        fc.integer({ min: 1, max: 90 }),
        (zips, samples) => {
          const facts = zips.map((zip) => ({ columns: { zip } }));
          const indices = stratifiedIndices(facts, parseStrata('zip'), samples);
          expect(new Set(indices).size).toBe(Math.min(samples, zips.length));
          expect(indices.length).toBe(Math.min(samples, zips.length));
        },
      ),
      { numRuns: 200 },
    );
  });

  it.each(['town', 'zip:quantile4'])('refuses %s', (text) => {
    expect(() => stratifiedIndices(sales, parseStrata(text), 10)).toThrow(
      expect.objectContaining({ code: 'DATASET_STRATIFY' }),
    );
  });

  it('names the data and the columns there are', () => {
    const find = () => stratifiedIndices(sales, parseStrata('town'), 10, 1, 'sales.csv');
    expect(find).toThrow(/^sales\.csv: .*no column town; found .*zip/);
  });
});
