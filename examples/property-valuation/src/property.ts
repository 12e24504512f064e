import type { Draws } from './draws.js';
import type { Region } from './regions.js';
import type { Property, Segment } from './sale.js';

/** The calendar year in which the record of sales starts. */
export const firstYear = 2023;

/** What a segment does to the distributions that a region gives. */
interface SegmentShape {
  /** Added to the logarithm of the living area. */
  readonly size: number;
  readonly grade: number;
  readonly condition: number;
  /** Probability that the dwelling was ever renovated. */
  readonly renovated: number;
}

const shapes: Record<Segment, SegmentShape> = {
  standard: { size: 0, grade: 7, condition: 3.4, renovated: 0.35 },
  luxury: { size: 1.05, grade: 10.8, condition: 4.2, renovated: 0.6 },
  distressed: { size: -0.12, grade: 5.8, condition: 2, renovated: 0.08 },
};

/** Draws one property of a region, as it stands in the given month of the record. */
export function drawProperty(draws: Draws, region: Region, month: number): Property {
  const segment = drawSegment(draws, region);
  const shape = shapes[segment];
  const livingArea = clampedRound(
    Math.exp(draws.normal(Math.log(region.livingArea) + shape.size, 0.33)),
    18,
    1400,
  );
  const age = drawAge(draws, region, month);
  const grade = clampedRound(draws.normal(shape.grade, 1.1), 1, 13);
  const waterfront = draws.chance(region.waterfront * (segment === 'luxury' ? 2.5 : 1));
  return {
    region,
    segment,
    livingArea,
    age,
    grade,
    waterfront,
    ...drawPlot(draws, region, livingArea),
    ...drawRooms(draws, livingArea),
    yearsSinceRenovation: draws.chance(age > 12 ? shape.renovated : 0)
      ? draws.integer(0, Math.min(30, age))
      : age,
    condition: clampedRound(draws.normal(shape.condition, 0.75), 1, 5),
    view: clampedRound(draws.normal(waterfront ? 2.8 : (grade - 8) * 0.35, 1), 0, 4),
    energyUse: clampedRound(draws.normal(80 + 1.6 * Math.min(age, 90), 30), 20, 420),
    schoolScore: clampedRound(draws.normal(region.schoolScore, 1.4), 1, 10),
    leasehold: draws.chance(region.leasehold),
  };
}

function drawSegment(draws: Draws, region: Region): Segment {
  const segments = ['standard', 'luxury', 'distressed'] as const;
  const { luxury, distressed } = region;
  return segments[draws.index([1 - luxury - distressed, luxury, distressed])] ?? 'standard';
}

function drawAge(draws: Draws, region: Region, month: number): number {
  const year = firstYear + Math.floor(month / 12);
  const built = Math.min(year, clampedRound(draws.normal(region.yearBuilt, 24), 1780, year));
  return year - built;
}

function drawPlot(
  draws: Draws,
  region: Region,
  livingArea: number,
): Pick<Property, 'eastKm' | 'northKm' | 'lotArea' | 'roadNoise'> {
  const eastKm = draws.normal(region.eastKm, region.spreadKm);
  const northKm = draws.normal(region.northKm, region.spreadKm);
  const ratio = Math.exp(draws.normal(Math.log(region.lotRatio), 0.55));
  const noise = draws.normal(62 - 0.35 * Math.min(40, Math.hypot(eastKm, northKm)), 6);
  return {
    eastKm,
    northKm,
    lotArea: clampedRound(livingArea * ratio, 20, 60000),
    roadNoise: clampedRound(noise, 35, 80),
  };
}

function drawRooms(
  draws: Draws,
  livingArea: number,
): Pick<Property, 'bedrooms' | 'bathrooms' | 'floors' | 'garageSpaces'> {
  const bedrooms = clampedRound(draws.normal(0.6 + 0.024 * Math.min(livingArea, 250), 0.7), 0, 9);
  const halfBaths = clampedRound(draws.normal(1.4 + 0.014 * Math.min(livingArea, 500), 0.7), 2, 12);
  return {
    bedrooms,
    bathrooms: halfBaths / 2,
    floors: clampedRound(draws.normal(1 + livingArea / 160, 0.5), 1, 4),
    garageSpaces: clampedRound(draws.normal(livingArea / 120 - 0.3, 0.7), 0, 5),
  };
}

function clampedRound(value: number, low: number, high: number): number {
  return Math.min(high, Math.max(low, Math.round(value)));
}
