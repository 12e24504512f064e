import { featureColumns, featuresOf } from './columns.js';
import { priceBandOf } from './price-band.js';
import { type Sale, seasonOf } from './sale.js';

/** Columns that follow the features: the label, then what sales are grouped by. */
export const saleColumnNames: readonly string[] = ['price', 'price_band', 'region', 'season', 'segment'];

/**
 * Sales as CSV text (RFC 4180 with LF line ends): a header, then one line a sale, with the model's
 * features in their order followed by `saleColumnNames`. No field needs quotes.
 */
export function formatSalesCsv(sales: readonly Sale[]): string {
  const header = [...featureColumns.map(({ name }) => name), ...saleColumnNames];
  return [header, ...sales.map(rowOf)].map((row) => `${row.join(',')}\n`).join('');
}

function rowOf(sale: Sale): readonly (string | number)[] {
  const { property, month, price } = sale;
  return [
    ...featuresOf(sale),
    price,
    priceBandOf(price),
    property.region.name,
    seasonOf(month),
    property.segment,
  ];
}
