import { regions } from './regions.js';
import type { Sale } from './sale.js';

/** One input of the model: a column of the CSV files and an index of the `features` tensor. */
export interface FeatureColumn {
  readonly name: string;
  readonly unit: string;
  /** Digits after the point; the model sees exactly the rounded number. */
  readonly decimals: number;
  readonly read: (sale: Sale) => number;
}

/** Angle of the month of the year, in radians: January is 0. */
function monthAngle(month: number): number {
  return (2 * Math.PI * (month % 12)) / 12;
}

const dwellingColumns: readonly FeatureColumn[] = [
  column('log_living_area', 'ln(m2)', 4, ({ property }) => Math.log(property.livingArea)),
  column('log_lot_area', 'ln(m2)', 4, ({ property }) => Math.log(property.lotArea)),
  column('bedrooms', 'rooms', 0, ({ property }) => property.bedrooms),
  column('bathrooms', 'rooms, in halves', 1, ({ property }) => property.bathrooms),
  column('floors', 'storeys', 0, ({ property }) => property.floors),
  column('age', 'years at the sale', 0, ({ property }) => property.age),
  column(
    'years_since_renovation',
    'years at the sale; the age where never renovated',
    0,
    ({ property }) => property.yearsSinceRenovation,
  ),
  column('condition', '1 (ruinous) to 5 (like new)', 0, ({ property }) => property.condition),
  column('grade', '1 to 13, design and materials', 0, ({ property }) => property.grade),
  column('view', '0 (none) to 4 (outstanding)', 0, ({ property }) => property.view),
  column('waterfront', '0 or 1', 0, ({ property }) => Number(property.waterfront)),
  column('garage_spaces', 'cars', 0, ({ property }) => property.garageSpaces),
  column('energy_use', 'kWh per m2 and year', 0, ({ property }) => property.energyUse),
];

const placeColumns: readonly FeatureColumn[] = [
  column('east', 'km east of the city centre', 2, ({ property }) => property.eastKm),
  column('north', 'km north of the city centre', 2, ({ property }) => property.northKm),
  column('log_centre_distance', 'ln(1 + km)', 4, ({ property }) =>
    Math.log1p(Math.hypot(property.eastKm, property.northKm)),
  ),
  column('road_noise', 'dB, day-evening-night level', 0, ({ property }) => property.roadNoise),
  column('school_score', '1 (poor) to 10 (excellent)', 0, ({ property }) => property.schoolScore),
  column('leasehold', '0 or 1', 0, ({ property }) => Number(property.leasehold)),
];

const saleColumns: readonly FeatureColumn[] = [
  column('distressed_sale', '0 or 1: forced sale or foreclosure', 0, ({ property }) =>
    Number(property.segment === 'distressed'),
  ),
  column('log_days_on_market', 'ln(days)', 4, ({ daysOnMarket }) => Math.log(daysOnMarket)),
  column('months_since_start', '0 to 35', 0, ({ month }) => month),
  column('month_sine', 'sine of the month of the year', 4, ({ month }) => Math.sin(monthAngle(month))),
  column('month_cosine', 'cosine of the month of the year', 4, ({ month }) => Math.cos(monthAngle(month))),
];

const regionColumns: readonly FeatureColumn[] = regions.map((region) =>
  column(`region_${region.name.replaceAll('-', '_')}`, '0 or 1', 0, ({ property }) =>
    Number(property.region === region),
  ),
);

/** The model's inputs, in order. */
export const featureColumns: readonly FeatureColumn[] = [
  ...dwellingColumns,
  ...placeColumns,
  ...saleColumns,
  ...regionColumns,
];

/** The model's inputs for one sale, each rounded to the digits of its column; a zero is never negative. */
export function featuresOf(sale: Sale): readonly number[] {
  return featureColumns.map(({ decimals, read }) => Number(read(sale).toFixed(decimals)) + 0);
}

function column(name: string, unit: string, decimals: number, read: (sale: Sale) => number): FeatureColumn {
  return { name, unit, decimals, read };
}
