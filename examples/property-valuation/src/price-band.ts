/** Upper ends of the price bands, in EUR, not included in the band. */
const bands = [
  { name: 'under-100k', below: 100_000 },
  { name: '100k-250k', below: 250_000 },
  { name: '250k-500k', below: 500_000 },
  { name: '500k-1m', below: 1_000_000 },
  { name: '1m-3m', below: 3_000_000 },
] as const;

const lastBand = 'over-3m';

/** Names of the price bands, cheapest first. */
export const priceBandNames: readonly string[] = [...bands.map(({ name }) => name), lastBand];

/** The band of a price in EUR. */
export function priceBandOf(price: number): string {
  return bands.find(({ below }) => price < below)?.name ?? lastBand;
}
