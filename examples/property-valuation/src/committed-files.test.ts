import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { committedFiles } from './committed-files.js';
import { calibrationSales, validationSales } from './datasets.js';
import { formatSalesCsv } from './sales-csv.js';

describe('committed data samples', () => {
  it('are what the generator makes of their seeds', async () => {
    expect(await readFile(committedFiles.calibration, 'utf8')).toBe(formatSalesCsv(calibrationSales()));
    expect(await readFile(committedFiles.validation, 'utf8')).toBe(formatSalesCsv(validationSales()));
  });

  it('take less than 1 MB together with the model', async () => {
    const sizes = await Promise.all(
      Object.values(committedFiles).map(async (path) => (await readFile(path)).length),
    );
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThan(1_000_000);
  });
});
