/** A part of the invented metropolitan area: where it lies, what it costs, and what is built there. */
export interface Region {
  readonly name: string;
  /** Share of all sales; the shares sum to 1. */
  readonly share: number;
  /** Position of the middle, in km east and north of the city centre. */
  readonly eastKm: number;
  readonly northKm: number;
  /** Standard deviation of house positions around the middle, in km. */
  readonly spreadKm: number;
  /** Price of an ordinary dwelling, in EUR per m2 of living area. */
  readonly pricePerM2: number;
  /** Median living area of an ordinary dwelling, in m2. */
  readonly livingArea: number;
  /** Median lot area, as a multiple of the living area. */
  readonly lotRatio: number;
  /** Mean year of construction. */
  readonly yearBuilt: number;
  /** Mean school score, 1 (poor) to 10 (excellent). */
  readonly schoolScore: number;
  /** Shares of sales that are luxury properties, that are distressed, that lie on the water, on leased land. */
  readonly luxury: number;
  readonly distressed: number;
  readonly waterfront: number;
  readonly leasehold: number;
  /** Largest seasonal change of the price (early summer up, midwinter down), as a fraction. */
  readonly seasonality: number;
}

/** The eight regions, in the order of the model's one-hot inputs. */
export const regions: readonly Region[] = [
  {
    name: 'old-town',
    share: 0.12,
    eastKm: 0,
    northKm: 0,
    spreadKm: 1.2,
    pricePerM2: 6400,
    livingArea: 72,
    lotRatio: 0.7,
    yearBuilt: 1925,
    schoolScore: 6,
    luxury: 0.06,
    distressed: 0.03,
    waterfront: 0.01,
    leasehold: 0.2,
    seasonality: 0.01,
  },
  {
    name: 'harbour',
    share: 0.11,
    eastKm: 4,
    northKm: -3,
    spreadKm: 1.8,
    pricePerM2: 5100,
    livingArea: 84,
    lotRatio: 0.6,
    yearBuilt: 1994,
    schoolScore: 5,
    luxury: 0.05,
    distressed: 0.05,
    waterfront: 0.18,
    leasehold: 0.3,
    seasonality: 0.03,
  },
  {
    name: 'university',
    share: 0.13,
    eastKm: 3,
    northKm: 4,
    spreadKm: 2,
    pricePerM2: 4400,
    livingArea: 78,
    lotRatio: 1.4,
    yearBuilt: 1962,
    schoolScore: 8,
    luxury: 0.02,
    distressed: 0.04,
    waterfront: 0,
    leasehold: 0.1,
    seasonality: 0.02,
  },
  {
    name: 'garden-suburbs',
    share: 0.2,
    eastKm: -7,
    northKm: 5,
    spreadKm: 3,
    pricePerM2: 3600,
    livingArea: 132,
    lotRatio: 4.5,
    yearBuilt: 1974,
    schoolScore: 7,
    luxury: 0.04,
    distressed: 0.05,
    waterfront: 0,
    leasehold: 0.03,
    seasonality: 0.035,
  },
  {
    name: 'factory-belt',
    share: 0.15,
    eastKm: 9,
    northKm: 7,
    spreadKm: 3.5,
    pricePerM2: 1700,
    livingArea: 88,
    lotRatio: 2.2,
    yearBuilt: 1956,
    schoolScore: 4,
    luxury: 0.004,
    distressed: 0.18,
    waterfront: 0.01,
    leasehold: 0.06,
    seasonality: 0.015,
  },
  {
    name: 'lakeside',
    share: 0.09,
    eastKm: -19,
    northKm: -9,
    spreadKm: 5,
    pricePerM2: 4700,
    livingArea: 158,
    lotRatio: 8,
    yearBuilt: 1985,
    schoolScore: 7,
    luxury: 0.14,
    distressed: 0.02,
    waterfront: 0.22,
    leasehold: 0.02,
    seasonality: 0.07,
  },
  {
    name: 'hill-farms',
    share: 0.11,
    eastKm: 24,
    northKm: 21,
    spreadKm: 8,
    pricePerM2: 1150,
    livingArea: 140,
    lotRatio: 30,
    yearBuilt: 1938,
    schoolScore: 5,
    luxury: 0.02,
    distressed: 0.09,
    waterfront: 0.02,
    leasehold: 0.01,
    seasonality: 0.06,
  },
  {
    name: 'border-valley',
    share: 0.09,
    eastKm: -42,
    northKm: 33,
    spreadKm: 10,
    pricePerM2: 560,
    livingArea: 104,
    lotRatio: 11,
    yearBuilt: 1948,
    schoolScore: 4,
    luxury: 0.005,
    distressed: 0.16,
    waterfront: 0.03,
    leasehold: 0.01,
    seasonality: 0.05,
  },
];
