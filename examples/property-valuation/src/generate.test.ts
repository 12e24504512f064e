import { describe, expect, it } from 'vitest';
import { calibrationSales, trainingSales, validationSales } from './datasets.js';
import { generateSales } from './generate.js';
import { regions } from './regions.js';
import { seasonOf } from './sale.js';

describe('generateSales', () => {
  it('gives the same sales for the same seed and others for another', () => {
    const sales = generateSales({ seed: 1, count: 50 });
    expect(generateSales({ seed: 1, count: 50 })).toEqual(sales);
    expect(generateSales({ seed: 2, count: 50 })).not.toEqual(sales);
  });

  it('starts a longer record with the shorter one', () => {
    expect(generateSales({ seed: 5, count: 40 }).slice(0, 10)).toEqual(generateSales({ seed: 5, count: 10 }));
  });

  it('prices over three orders of magnitude', () => {
    const prices = validationSales().map(({ price }) => price);
    expect(Math.max(...prices) / Math.min(...prices)).toBeGreaterThan(1000);
  });

  it('covers every region, season and segment with enough sales to judge each', () => {
    const sales = validationSales();
    for (const region of regions) {
      expect(sales.filter(({ property }) => property.region === region).length).toBeGreaterThan(200);
    }
    for (const season of ['winter', 'spring', 'summer', 'autumn']) {
      expect(sales.filter(({ month }) => seasonOf(month) === season).length).toBeGreaterThan(400);
    }
    for (const segment of ['standard', 'luxury', 'distressed']) {
      expect(sales.filter(({ property }) => property.segment === segment).length).toBeGreaterThan(90);
    }
  });

  it('sells luxury above and distressed properties below the standard price per m2', () => {
    const sales = validationSales();
    const median = (segment: string): number => {
      const values = sales
        .filter(({ property }) => property.segment === segment)
        .map(({ price, property }) => price / (property.livingArea * property.region.pricePerM2))
        .sort((a, b) => a - b);
      return values[Math.floor(values.length / 2)] ?? Number.NaN;
    };
    expect(median('luxury')).toBeGreaterThan(1.5 * median('standard'));
    expect(median('distressed')).toBeLessThan(0.65 * median('standard'));
  });

  it('calibrates on training sales and validates on others', () => {
    const calibration = calibrationSales();
    const validation = new Set(validationSales().map((sale) => JSON.stringify(sale)));
    expect(trainingSales().slice(0, calibration.length)).toEqual(calibration);
    expect(trainingSales().filter((sale) => validation.has(JSON.stringify(sale)))).toEqual([]);
  });
});

describe('regions', () => {
  it('share all sales among them', () => {
    expect(regions.reduce((sum, { share }) => sum + share, 0)).toBeCloseTo(1, 12);
  });
});
