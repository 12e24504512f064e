import type { Property, Segment } from './sale.js';

/**
 * Standard deviation of the logarithm of the price around its expectation, by segment:
 * what no model can know. It bounds the error of a valuation from below.
 */
export const priceNoise: Record<Segment, number> = {
  standard: 0.11,
  luxury: 0.17,
  distressed: 0.23,
};

/**
 * Expected natural logarithm of the price in EUR of a property sold in the given month of the record:
 * a hedonic sum of size, quality, place, land and market terms, with the interactions that make a
 * linear model insufficient (water and view, age and renovation, schools and family homes, the
 * season of each region, the premium of large fine houses, the discount of forced sales).
 */
export function expectedLogPrice(property: Property, month: number): number {
  return (
    Math.log(property.region.pricePerM2 * 100) +
    sizeTerm(property) +
    qualityTerm(property) +
    placeTerm(property) +
    landTerm(property) +
    marketTerm(property, month) +
    segmentTerm(property)
  );
}

function sizeTerm({ livingArea, bathrooms, bedrooms, garageSpaces }: Property): number {
  const baths = 0.045 * Math.min(bathrooms - 1, 3);
  const crampedRooms = livingArea < 18 * (bedrooms + 1) ? -0.05 : 0;
  return 0.9 * Math.log(livingArea / 100) + baths + crampedRooms + 0.025 * garageSpaces;
}

function qualityTerm(property: Property): number {
  const { grade, condition, age, yearsSinceRenovation, energyUse } = property;
  const wear = -0.005 * Math.min(yearsSinceRenovation, 50);
  const heritage = age > 90 ? 0.003 * (age - 90) * (condition - 2) * 0.5 : 0;
  const finery = grade > 9 ? 0.035 * (grade - 9) ** 2 : 0;
  return (
    0.085 * (grade - 7) + finery + 0.065 * (condition - 3) + wear + heritage - 0.0007 * (energyUse - 150)
  );
}

function placeTerm(property: Property): number {
  const { region, eastKm, northKm, view, waterfront, schoolScore, bedrooms } = property;
  const distance = Math.log1p(Math.hypot(eastKm, northKm));
  const regionDistance = Math.log1p(Math.hypot(region.eastKm, region.northKm));
  const water = waterfront ? 0.34 + 0.09 * view : 0;
  const schools = 0.012 * (schoolScore - 5) * Math.min(bedrooms, 4);
  const park = 0.2 * bump(eastKm + 5, northKm - 3, 2);
  const railYard = -0.22 * bump(eastKm - 7, northKm - 5, 2.5);
  return -0.14 * (distance - regionDistance) + 0.045 * view + water + schools + park + railYard;
}

/** A bell of height 1 at the origin, with a width in km. */
function bump(eastKm: number, northKm: number, widthKm: number): number {
  return Math.exp(-(eastKm * eastKm + northKm * northKm) / (2 * widthKm * widthKm));
}

function landTerm({ region, livingArea, lotArea, roadNoise, leasehold }: Property): number {
  const lot = 0.11 * Math.log(lotArea / (livingArea * region.lotRatio));
  return lot - 0.006 * Math.max(0, roadNoise - 55) - (leasehold ? 0.13 : 0);
}

/** Twenty months of growth, then a slow fall; a wave of the region's own height over the year. */
function marketTerm({ region }: Property, month: number): number {
  const trend = 0.005 * Math.min(month, 20) - 0.003 * Math.max(0, month - 20);
  return trend + region.seasonality * Math.cos((2 * Math.PI * (month - 5)) / 12);
}

function segmentTerm({ segment, condition, livingArea }: Property): number {
  if (segment === 'luxury') {
    return 0.12 + 0.25 * Math.max(0, Math.log(livingArea / 250));
  }
  return segment === 'distressed' ? -0.34 - 0.08 * (3 - condition) : 0;
}
