import { describe, expect, it } from 'vitest';
import { featureColumns, featuresOf } from './columns.js';
import { generateSales } from './generate.js';

describe('featuresOf', () => {
  it('gives finite numbers of the digits that each column keeps', () => {
    for (const sale of generateSales({ seed: 9, count: 200 })) {
      for (const [index, value] of featuresOf(sale).entries()) {
        const column = featureColumns[index];
        expect(Number.isFinite(value), column?.name).toBe(true);
        expect(Number(value.toFixed(column?.decimals)), column?.name).toBe(value);
      }
    }
  });

  it('marks exactly one region', () => {
    for (const sale of generateSales({ seed: 9, count: 200 })) {
      const marked = featureColumns.filter(
        ({ name }, index) => name.startsWith('region_') && featuresOf(sale)[index] === 1,
      );
      expect(marked.map(({ name }) => name)).toEqual([
        `region_${sale.property.region.name.replaceAll('-', '_')}`,
      ]);
    }
  });

  it('names every column once', () => {
    expect(new Set(featureColumns.map(({ name }) => name)).size).toBe(featureColumns.length);
  });
});
