import { storageRange } from '@octavo/core/quant';
import { fromNumbers } from '@octavo/core/tensor';
import type { NamedTensors } from '@octavo/runtime';
import { beforeAll, describe, expect, it } from 'vitest';
import { comparableWeights } from '../tests/full-range-products.node.js';
import {
  feedsOf,
  modelOf,
  normals,
  onReference,
  quantize,
  runOnOnnxRuntime,
  runOnReference,
  samplesOf,
  sqnrOf,
  weights,
} from '../tests/run-models.js';
import { calibrateModel } from './calibrate-model.js';
import type { Calibration } from './calibration.js';
import {
  ACTIVATION_DTYPES,
  type ActivationDType,
  bitsOf,
  GRANULARITIES,
  WEIGHT_DTYPES,
} from './precision.js';
import { type Recipe, STATIC_FORMATS, WEIGHT_ONLY_FORMATS } from './recipe.js';

const SOURCE = modelOf(`graph opset 13 {
  input %x: float32[2, 4, 4, 4]
  ${weights('w', [32, 4, 3, 3], 1, 36)}
  ${weights('b', [32], 2, 4)}
  ${weights('v', [32, 32, 1, 1], 3, 32)}
  ${weights('fc', [64, 32], 4, 64)}
  ${weights('fcb', [32], 5, 4)}
  ${weights('m', [32, 32], 6, 32)}
  %c = Conv(%x, %w, %b) {pads=[1, 1, 1, 1]} @conv
  %r = Relu(%c)
  %d = Conv(%r, %v) @pointwise
  %s = Add(%d, %r) @sum
  %p = MaxPool(%s) {kernel_shape=[2, 4], strides=[2, 4]} @pool
  %f = Flatten(%p)
  %g = Gemm(%f, %fc, %fcb) @gemm
  %k = Relu(%g)
  %y = MatMul(%k, %m) @matmul
  output %y
}`);
const FLAGS = [true, false];

/** Least SQNR in dB against the float network by the bits of its weights; with two bits little is left of it. */
const FLOORS: Readonly<Record<number, number>> = { 16: 30, 8: 25, 4: 8, 2: -3 };

let calibration: Calibration;
let float: NamedTensors;
const feeds = feedsOf(SOURCE.graph, 3);
beforeAll(async () => {
  calibration = await calibrateModel(SOURCE, samplesOf(SOURCE.graph, 8), {
    createSession: onReference,
    recipe: { io: 'uint8' },
  });
  float = await runOnReference(SOURCE, feeds);
});

/** Quantizes; runs what comes out, as a file, on onnxruntime; compares with our reference and with the float network. */
async function agrees(recipe: Partial<Recipe> & { readonly io?: 'float' | ActivationDType }): Promise<void> {
  const { model } = await quantize(SOURCE, recipe, { calibration });
  const io = recipe.io ?? 'float';
  const given = io === 'float' ? feeds : { x: integersOf(io) };
  const place = JSON.stringify(recipe);
  if (io === 'float')
    expect(sqnrOf(float, await runOnReference(model, given)), place).toBeGreaterThan(
      FLOORS[bitsOf(recipe.weights ?? 'int8')] ?? 0,
    );
  comparableWeights(model);
  const ours = await runOnReference(model, given);
  const theirs = await runOnOnnxRuntime(model, given);
  expect(sqnrOf(theirs, ours), place).toBeGreaterThan(40);
}

function integersOf(dtype: ActivationDType) {
  const { min, max } = storageRange(dtype);
  const middle = Math.ceil((min + max) / 2);
  const spread = (max - min) / 8;
  const integers = Array.from(normals(128, 3), (value) =>
    Math.max(min, Math.min(max, middle + Math.round(value * spread))),
  );
  return fromNumbers(dtype, [2, 4, 4, 4], integers);
}

const precisions = ACTIVATION_DTYPES.flatMap((activations) =>
  WEIGHT_DTYPES.map((each) => ({ activations, weights: each })),
);

describe('static models', () => {
  it.each(precisions)('of $activations activations and $weights weights', async (precision) => {
    const isByte = Object.values(precision).every((dtype) => bitsOf(dtype) === 8);
    // Of other widths there are no integer ops, so their pairs stay.
    const formats = isByte ? STATIC_FORMATS : STATIC_FORMATS.slice(0, 1);
    let io: 'float' | ActivationDType = 'float';
    for (const granularity of GRANULARITIES)
      for (const symmetricWeights of FLAGS)
        for (const symmetricActivations of FLAGS)
          for (const format of formats) {
            io = io === 'float' ? precision.activations : 'float';
            const layers = [{ weights: { granularity } }];
            await agrees({
              ...precision,
              symmetricWeights,
              symmetricActivations,
              format,
              io,
              layers,
              blockSize: 16,
              leastSqnr: 0,
            });
          }
  });
});

describe('weight-only models', () => {
  it.each(WEIGHT_DTYPES)('of %s weights', async (dtype) => {
    for (const granularity of GRANULARITIES)
      for (const symmetricWeights of FLAGS)
        for (const weightOnlyFormat of WEIGHT_ONLY_FORMATS)
          await agrees({
            mode: 'weight-only',
            weights: dtype,
            symmetricWeights,
            weightOnlyFormat,
            layers: granularity === 'per-block' ? [] : [{ weights: { granularity } }],
          });
  });
});

describe('dynamic models', () => {
  it.each(['int8', 'uint8'] as const)('of %s weights', async (dtype) => {
    for (const perChannel of FLAGS)
      for (const symmetricWeights of FLAGS)
        await agrees({ mode: 'dynamic', weights: dtype, perChannel, symmetricWeights });
  });
});
