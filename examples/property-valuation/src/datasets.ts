import { generateSales } from './generate.js';
import type { Sale } from './sale.js';

/** Seeds and sizes of the example's records; changing one changes the committed model and data. */
const trainingSeed = 20260;
const validationSeed = 20261;
const trainingCount = 20_000;
const calibrationCount = 1000;
const validationCount = 3000;

/** The sales that the model is trained on; generated when needed, never stored. */
export function trainingSales(): readonly Sale[] {
  return generateSales({ seed: trainingSeed, count: trainingCount });
}

/** The first of the training sales: calibration must not see what validation measures. */
export function calibrationSales(): readonly Sale[] {
  return generateSales({ seed: trainingSeed, count: calibrationCount });
}

/** Sales of the same market that neither training nor calibration has seen. */
export function validationSales(): readonly Sale[] {
  return generateSales({ seed: validationSeed, count: validationCount });
}
