import { gptq } from './gptq.js';
import { hqq } from './hqq.js';
import { mse } from './mse.js';
import { nearest } from './nearest.js';
import type { WeightRounding } from './weight-rounding.js';

/** Every way to round the weights of weight-only models, by name. */
export const WEIGHT_ROUNDINGS = { nearest, mse, hqq, gptq } as const satisfies Readonly<
  Record<string, WeightRounding>
>;

export { nearest };

export type WeightRoundingName = keyof typeof WEIGHT_ROUNDINGS;

export const WEIGHT_ROUNDING_NAMES = Object.keys(WEIGHT_ROUNDINGS) as WeightRoundingName[];

export type * from './weight-rounding.js';
