import { createDraws, type Draws } from './draws.js';
import { expectedLogPrice, priceNoise } from './price.js';
import { drawProperty } from './property.js';
import { type Region, regions } from './regions.js';
import type { Sale } from './sale.js';

export interface SalesOptions {
  /** A 32-bit integer; the same seed gives the same sales, and a longer record starts with the shorter one. */
  readonly seed: number;
  readonly count: number;
}

/** Share of sales by calendar month, January first: most homes are sold from April to July. */
const monthShares = [5, 6, 8, 10, 12, 12, 11, 9, 8, 8, 6, 5];

/** Length of the record, in years. */
const years = 3;

/** Generates a record of invented property sales. */
export function generateSales({ seed, count }: SalesOptions): readonly Sale[] {
  const draws = createDraws(seed);
  return Array.from({ length: count }, () => drawSale(draws));
}

function drawSale(draws: Draws): Sale {
  const month = 12 * draws.integer(0, years - 1) + draws.index(monthShares);
  const property = drawProperty(draws, drawRegion(draws), month);
  const surprise = draws.normal(0, priceNoise[property.segment]);
  const logPrice = expectedLogPrice(property, month) + surprise;
  return {
    property,
    month,
    daysOnMarket: drawDaysOnMarket(draws, surprise),
    price: Math.max(1000, 100 * Math.round(Math.exp(logPrice) / 100)),
  };
}

function drawRegion(draws: Draws): Region {
  const region = regions[draws.index(regions.map(({ share }) => share))];
  if (region === undefined) {
    throw new RangeError('the table of regions is empty');
  }
  return region;
}

/** A seller who holds out for more than a home's worth waits longer. */
function drawDaysOnMarket(draws: Draws, surprise: number): number {
  return Math.min(720, Math.max(1, Math.round(Math.exp(draws.normal(3.5 + surprise, 0.75)))));
}
