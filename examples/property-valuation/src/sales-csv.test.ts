import { describe, expect, it } from 'vitest';
import { featureColumns, featuresOf } from './columns.js';
import { generateSales } from './generate.js';
import { priceBandNames, priceBandOf } from './price-band.js';
import { formatSalesCsv, saleColumnNames } from './sales-csv.js';

describe('formatSalesCsv', () => {
  it('writes the features in the order of the model, then the columns of the sale', () => {
    const sales = generateSales({ seed: 2, count: 3 });
    const lines = formatSalesCsv(sales).split('\n');
    expect(lines).toHaveLength(5);
    expect(lines.at(-1)).toBe('');
    expect(lines[0]?.split(',')).toEqual([...featureColumns.map(({ name }) => name), ...saleColumnNames]);
    for (const [index, sale] of sales.entries()) {
      const fields = lines[index + 1]?.split(',') ?? [];
      expect(fields.slice(0, featureColumns.length).map(Number)).toEqual(featuresOf(sale));
      expect(fields.slice(featureColumns.length, featureColumns.length + 3)).toEqual([
        String(sale.price),
        priceBandOf(sale.price),
        sale.property.region.name,
      ]);
    }
  });
});

describe('priceBandOf', () => {
  it('puts a price on a border into the higher band', () => {
    expect([99_900, 100_000, 249_900, 2_999_900, 3_000_000].map(priceBandOf)).toEqual([
      'under-100k',
      '100k-250k',
      '100k-250k',
      '1m-3m',
      'over-3m',
    ]);
    expect(priceBandNames).toHaveLength(6);
  });
});
