import { featuresOf } from './columns.js';
import { calibrationSales, validationSales } from './datasets.js';
import type { Sale } from './sale.js';
import { meanAbsolutePercentageError, predictLogPrices, type ValuationModel } from './valuation-model.js';

/** What the training script measures on the model that it writes: errors in percent of the price. */
export interface Measures {
  readonly validationSales: number;
  readonly validationMape: number;
  readonly calibrationSales: number;
  readonly calibrationMape: number;
}

/** Measures a model on the two data samples. */
export function measure(model: ValuationModel): Measures {
  const validation = validationSales();
  const calibration = calibrationSales();
  return {
    validationSales: validation.length,
    validationMape: mapeOn(model, validation),
    calibrationSales: calibration.length,
    calibrationMape: mapeOn(model, calibration),
  };
}

function mapeOn(model: ValuationModel, sales: readonly Sale[]): number {
  const predicted = predictLogPrices(model, sales.map(featuresOf));
  const prices = sales.map(({ price }) => price);
  return Number(meanAbsolutePercentageError(predicted, prices).toFixed(4));
}
