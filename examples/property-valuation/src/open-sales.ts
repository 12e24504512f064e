import type { Dataset } from '@octavo/datasets';
import { openDataset } from 'octavo';
import { featureColumns } from './columns.js';

/** Opens a CSV file of the example for the model: features as input, the price as label, the rest to group by. */
export async function openSales(path: string): Promise<Dataset> {
  return openDataset(path, {
    inputs: [{ name: 'features', dtype: 'float32', shape: ['N', featureColumns.length] }],
    columns: { features: featureColumns.map(({ name }) => name) },
    label: 'price',
  });
}
