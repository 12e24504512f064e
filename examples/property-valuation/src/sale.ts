import type { Region } from './regions.js';

/** `luxury` and `distressed` are the two tails of the market; all other sales are `standard`. */
export type Segment = 'standard' | 'luxury' | 'distressed';

export type Season = 'winter' | 'spring' | 'summer' | 'autumn';

/** A dwelling as the land register and an inspection describe it. Areas in m2, distances in km. */
export interface Property {
  readonly region: Region;
  readonly segment: Segment;
  readonly eastKm: number;
  readonly northKm: number;
  readonly livingArea: number;
  readonly lotArea: number;
  readonly bedrooms: number;
  /** In steps of one half: a half is a room without a bath or shower. */
  readonly bathrooms: number;
  readonly floors: number;
  /** In years at the date of sale. */
  readonly age: number;
  /** In years at the date of sale; equal to `age` where the dwelling was never renovated. */
  readonly yearsSinceRenovation: number;
  /** 1 (ruinous) to 5 (like new). */
  readonly condition: number;
  /** Quality of design and materials, 1 to 13. */
  readonly grade: number;
  /** 0 (none) to 4 (outstanding). */
  readonly view: number;
  readonly waterfront: boolean;
  readonly garageSpaces: number;
  /** In kWh per m2 and year. */
  readonly energyUse: number;
  /** Day-evening-night level, in dB. */
  readonly roadNoise: number;
  /** 1 (poor) to 10 (excellent). */
  readonly schoolScore: number;
  readonly leasehold: boolean;
}

/** One property sold. */
export interface Sale {
  readonly property: Property;
  /** Months since the first month of the record, 0 to 35; the record starts in a January. */
  readonly month: number;
  readonly daysOnMarket: number;
  /** In EUR, a multiple of 100. */
  readonly price: number;
}

const seasons: readonly Season[] = ['winter', 'spring', 'summer', 'autumn'];

/** Season of a month counted from a January: December to February is winter, and so on by threes. */
export function seasonOf(month: number): Season {
  return seasons[Math.floor(((month + 1) % 12) / 3)] ?? 'winter';
}
