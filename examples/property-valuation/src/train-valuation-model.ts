import { createAdam, defaultAdamOptions } from './adam.js';
import { featuresOf } from './columns.js';
import { createDraws, type Draws } from './draws.js';
import { backward, createMlp, forward, type Mlp } from './mlp.js';
import type { Sale } from './sale.js';
import { standardize, type ValuationModel } from './valuation-model.js';

export interface TrainingOptions {
  /** Seed of the initial weights and of the order of the samples. */
  readonly seed: number;
  readonly hiddenWidths: readonly number[];
  readonly epochs: number;
  readonly batchSize: number;
  /** Rises over the first twentieth of the steps, then falls to 0 along a straight line. */
  readonly learningRate: number;
  readonly weightDecay: number;
  /** Called after each epoch with its mean squared error on the standardized target. */
  readonly onEpoch?: (epoch: number, loss: number) => void;
}

export const defaultTrainingOptions: TrainingOptions = {
  seed: 7,
  hiddenWidths: [64, 64],
  epochs: 30,
  batchSize: 64,
  learningRate: 0.004,
  weightDecay: 0.2,
};

interface TrainingSet {
  readonly inputs: Float64Array;
  readonly targets: Float64Array;
  readonly width: number;
}

/** Trains a valuation model on sales, as {@link trainOnFeatures} does. Throws RangeError without sales. */
export function trainValuationModel(
  sales: readonly Sale[],
  options = defaultTrainingOptions,
): ValuationModel {
  return trainOnFeatures(
    sales.map(featuresOf),
    sales.map(({ price }) => price),
    options,
  );
}

/**
 * Trains a valuation model on rows of features by mean squared error of the logarithm of the price.
 * It uses only additions, multiplications, divisions and square roots of float64 numbers, and single
 * precision targets: the weights, rounded to float32 at the end, are the same on every platform. Throws RangeError
 * without rows.
 */
export function trainOnFeatures(
  features: readonly (readonly number[])[],
  prices: readonly number[],
  options = defaultTrainingOptions,
): ValuationModel {
  const width = features[0]?.length;
  if (width === undefined) {
    throw new RangeError('there are no sales to train on');
  }
  const scaling = featureScaling(features, width);
  const logPrices = prices.map((price) => Math.fround(Math.log(price)));
  const target = momentsOf(logPrices);
  const draws = createDraws(options.seed);
  const mlp = createMlp([width, ...options.hiddenWidths, 1], draws);
  const set: TrainingSet = {
    inputs: standardize(scaling, features),
    targets: Float64Array.from(logPrices, (value) => (value - target.mean) / target.deviation),
    width,
  };
  fit(mlp, set, draws, options);
  for (const values of parametersOf(mlp)) {
    values.set(Float32Array.from(values));
  }
  return { ...scaling, mlp, targetMean: target.mean, targetDeviation: target.deviation };
}

/** Flags of two values keep their 0 and 1: scaled, a rare flag would stretch the range of all inputs. */
function featureScaling(
  features: readonly (readonly number[])[],
  width: number,
): Pick<ValuationModel, 'featureMean' | 'featureInverseDeviation'> {
  const scales = Array.from({ length: width }, (_, index) => {
    const values = features.map((row) => row[index] ?? 0);
    if (values.every((value) => value === 0 || value === 1)) {
      return { mean: 0, inverse: 1 };
    }
    const { mean, deviation } = momentsOf(values);
    return { mean: Math.fround(mean), inverse: Math.fround(1 / deviation) };
  });
  return {
    featureMean: Float64Array.from(scales, ({ mean }) => mean),
    featureInverseDeviation: Float64Array.from(scales, ({ inverse }) => inverse),
  };
}

function momentsOf(values: readonly number[]): { mean: number; deviation: number } {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const squares = values.reduce((sum, value) => sum + (value - mean) * (value - mean), 0);
  return { mean: Math.fround(mean), deviation: Math.fround(Math.sqrt(squares / values.length)) };
}

function fit(mlp: Mlp, set: TrainingSet, draws: Draws, options: TrainingOptions): void {
  const step = createAdam(parametersOf(mlp), { ...defaultAdamOptions, weightDecay: options.weightDecay });
  const order = Array.from({ length: set.targets.length }, (_, index) => index);
  const batches = Math.ceil(order.length / options.batchSize);
  const steps = batches * options.epochs;
  for (let epoch = 0; epoch < options.epochs; epoch++) {
    shuffle(order, draws);
    let squares = 0;
    for (let batch = 0; batch < batches; batch++) {
      const rows = order.slice(batch * options.batchSize, (batch + 1) * options.batchSize);
      const { gradients, loss } = batchGradients(mlp, set, rows);
      const progress = (epoch * batches + batch) / steps;
      step(parametersOf(gradients), options.learningRate * Math.min(progress * 20, 1 - progress));
      squares += loss;
    }
    options.onEpoch?.(epoch + 1, squares / order.length);
  }
}

function batchGradients(
  mlp: Mlp,
  { inputs, targets, width }: TrainingSet,
  rows: readonly number[],
): { gradients: Mlp; loss: number } {
  const batch = new Float64Array(rows.length * width);
  for (const [index, row] of rows.entries()) {
    batch.set(inputs.subarray(row * width, (row + 1) * width), index * width);
  }
  const activations = forward(mlp, batch, rows.length);
  const errors = Float64Array.from(
    activations.at(-1) ?? [],
    (output, index) => output - (targets[rows[index] ?? 0] ?? 0),
  );
  const gradients = backward(
    mlp,
    batch,
    activations,
    errors.map((error) => (2 * error) / rows.length),
  );
  return { gradients, loss: errors.reduce((sum, error) => sum + error * error, 0) };
}

/** Weights and biases in a fixed order. */
function parametersOf(mlp: Mlp): readonly Float64Array[] {
  return mlp.flatMap(({ weight, bias }) => [weight, bias]);
}

function shuffle(order: number[], draws: Draws): void {
  for (let last = order.length - 1; last > 0; last--) {
    const other = draws.integer(0, last);
    const moved = order[last] ?? 0;
    order[last] = order[other] ?? 0;
    order[other] = moved;
  }
}
