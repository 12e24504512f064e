import { fileURLToPath } from 'node:url';
import type { Dataset } from '@octavo/datasets';
import { openDataset } from 'octavo';
import { featureColumns } from './columns.js';

/** Which columns of the CSV files are the model's input, as `octavo --preprocess` takes it. */
const columnsPath = fileURLToPath(new URL('../data/columns.json', import.meta.url));

/**
 * Opens a CSV file of the example for the model: features as input, the price as label, the rest to group by.
 * @param samples How many sales to draw from it; all when absent.
 */
export async function openSales(path: string, samples?: number): Promise<Dataset> {
  return openDataset(path, {
    inputs: [{ name: 'features', dtype: 'float32', shape: ['N', featureColumns.length] }],
    preprocess: columnsPath,
    label: 'price',
    samples,
  });
}
