import { OctavoError } from '@octavo/core/tensor';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Scored } from './metrics/index.js';
import { divide, parseSegmentation } from './segments.js';

function samplesOf(cells: readonly (string | number)[], column = 'c'): Scored[] {
  return cells.map((cell, i) => ({
    id: `row ${i}`,
    score: 0,
    prediction: 0,
    label: i,
    columns: { [column]: cell },
  }));
}

function namesOf(spec: string, samples: readonly Scored[]): Record<string, readonly number[]> {
  return Object.fromEntries(
    divide(samples, parseSegmentation(spec)).map(({ name, indices }) => [name, indices]),
  );
}

function codeOf(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    if (error instanceof OctavoError) return `${error.code} ${error.where ?? ''}`.trim();
    throw error;
  }
  return 'accepted';
}

describe('parseSegmentation', () => {
  it('reads values, months, years, quantiles and bounds', () => {
    expect(parseSegmentation('region')).toEqual({ column: 'region', by: 'value' });
    expect(parseSegmentation('date:month')).toEqual({ column: 'date', by: 'month' });
    expect(parseSegmentation('date:year')).toEqual({ column: 'date', by: 'year' });
    expect(parseSegmentation('price:quantile4')).toEqual({ column: 'price', by: 'quantile', count: 4 });
    expect(parseSegmentation('price:1e6,0,100000,0')).toEqual({
      column: 'price',
      by: 'bounds',
      bounds: [0, 100000, 1e6],
    });
  });

  it.each([
    '',
    ':month',
    'price:',
    'price:quantile1',
    'price:quantile',
    'price:1,,2',
    'price:a',
    'a:b:c',
    'a:1,inf',
    'a:Infinity',
  ])('refuses %j', (spec) => {
    expect(codeOf(() => parseSegmentation(spec))).toBe('SEGMENT_SPEC');
  });
});

describe('divide', () => {
  it('groups by value in natural order', () => {
    expect(Object.entries(namesOf('c', samplesOf(['zone 10', 'zone 2', 'zone 10', 'east'])))).toEqual([
      ['east', [3]],
      ['zone 2', [1]],
      ['zone 10', [0, 2]],
    ]);
  });

  it('groups dates of the usual forms by month and year', () => {
    const samples = samplesOf(['2014-05-02', '20140531T000000', '2014-11', '2015/01/31 08:00', '20150101']);
    expect(namesOf('c:month', samples)).toEqual({ '2014-05': [0, 1], '2014-11': [2], '2015-01': [3, 4] });
    expect(namesOf('c:year', samples)).toEqual({ 2014: [0, 1, 2], 2015: [3, 4] });
    expect(namesOf('c:year', samplesOf([2014, '2015']))).toEqual({ 2014: [0], 2015: [1] });
  });

  it.each(['May 2014', '2014-13-01', '02.05.2014', '', '2014-5-2', 1399000000])(
    'finds no month in %j',
    (cell) => {
      expect(codeOf(() => namesOf('c:month', samplesOf(['2014-05-02', cell])))).toBe('SEGMENT_DATE row 1');
    },
  );

  it('divides at bounds, the lower one included, and leaves out empty segments', () => {
    expect(namesOf('c:0,10,20,30', samplesOf([-1, 0, 9.99, 10, 30, 31]))).toEqual({
      'c < 0': [0],
      '0 <= c < 10': [1, 2],
      '10 <= c < 20': [3],
      'c >= 30': [4, 5],
    });
  });

  it('divides the label into quantiles of about equal size', () => {
    const sizes = divide(samplesOf(new Array(100).fill('x')), parseSegmentation('label:quantile4')).map(
      ({ indices }) => indices.length,
    );
    expect(sizes).toEqual([25, 25, 25, 25]);
  });

  it('puts each sample into one segment, whatever the numbers', () => {
    const numbers = fc.array(fc.double({ noNaN: true }), { minLength: 1, maxLength: 30 });
    fc.assert(
      fc.property(numbers, fc.integer({ min: 2, max: 12 }), (values, count) => {
        const segments = divide(samplesOf(values), { column: 'c', by: 'quantile', count });
        const all = segments.flatMap(({ indices }) => indices).sort((a, b) => a - b);
        expect(all).toEqual([...values.keys()]);
        expect(segments.length).toBeLessThanOrEqual(count);
        const largest = segments.map(({ indices }) => Math.max(...indices.map((i) => values[i] ?? 0)));
        expect(largest).toEqual([...largest].sort((a, b) => a - b));
      }),
    );
  });

  it('names the sample without the column, or without a number in it', () => {
    const samples = samplesOf([1, 2, 'many']);
    expect(codeOf(() => namesOf('price', samples))).toBe('SEGMENT_COLUMN row 0');
    expect(codeOf(() => namesOf('toString', samples))).toBe('SEGMENT_COLUMN row 0');
    expect(codeOf(() => namesOf('c:quantile2', samples))).toBe('SEGMENT_NUMBER row 2');
    expect(codeOf(() => namesOf('c:0', samplesOf([1, ''])))).toBe('SEGMENT_NUMBER row 1');
  });
});
