import { forward, type Mlp } from './mlp.js';

/**
 * The valuation model: standardizes the features, runs a network, and undoes the standardization of
 * its target, so that its input is what a caller has and its output is ln(price in EUR).
 */
export interface ValuationModel {
  /** Subtracted from each feature; one number a feature. */
  readonly featureMean: Float64Array;
  /** Multiplies each centred feature: the inverse of its standard deviation. */
  readonly featureInverseDeviation: Float64Array;
  readonly mlp: Mlp;
  readonly targetMean: number;
  readonly targetDeviation: number;
}

/** Standardized features, row-major [rows, features]. */
export function standardize(
  { featureMean, featureInverseDeviation }: Pick<ValuationModel, 'featureMean' | 'featureInverseDeviation'>,
  features: readonly (readonly number[])[],
): Float64Array {
  const width = featureMean.length;
  const standardized = new Float64Array(features.length * width);
  for (const [row, values] of features.entries()) {
    for (const [index, value] of values.entries()) {
      standardized[row * width + index] =
        (value - (featureMean[index] ?? 0)) * (featureInverseDeviation[index] ?? 0);
    }
  }
  return standardized;
}

/** Predicted ln(price in EUR) of each row of features. */
export function predictLogPrices(
  model: ValuationModel,
  features: readonly (readonly number[])[],
): readonly number[] {
  const outputs = forward(model.mlp, standardize(model, features), features.length).at(-1);
  return Array.from(outputs ?? [], (value) => value * model.targetDeviation + model.targetMean);
}

/** Mean absolute percentage error, in percent, of predicted logarithms of prices. */
export function meanAbsolutePercentageError(
  predictedLogPrices: readonly number[],
  prices: readonly number[],
): number {
  const errors = prices.map((price, index) => {
    const predicted = Math.exp(predictedLogPrices[index] ?? Number.NaN);
    return Math.abs(predicted - price) / price;
  });
  return (100 * errors.reduce((sum, error) => sum + error, 0)) / errors.length;
}
