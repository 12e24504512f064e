import { type Qparams, type QuantRange, qparamsOfRange, roundHalfEven, roundScale } from '@octavo/core/quant';
import { fitBlocks } from './fit-blocks.js';
import { integerRange, nearestIntegers } from './integer-range.js';
import type { BlockFormat, WeightRounding } from './weight-rounding.js';

const NORM = 0.7;
const FIRST_PENALTY = 10;
const PENALTY_GROWTH = 1.01;
const ITERATIONS = 20;

/**
 * Half-quadratic quantization (Badri and Shaji 2023, "Half-Quadratic Quantization of Large Machine Learning Models"):
 * without data, minimizes the p-norm, p = 0.7, of the errors of each block, which forgives its outliers, by turns of
 * shrinking the errors and solving for the parameters. The paper keeps a real zero point; ONNX's are integers, so each
 * one is rounded and the scale solved for with it, and the best parameters seen are kept.
 */
export const hqq: WeightRounding = {
  name: 'hqq',
  needsInputs: false,
  round(weights, format) {
    const type = fitBlocks(weights, format, (block) => solve(block, format));
    return { type, integers: nearestIntegers(weights, format, type) };
  },
};

function solve(block: Float64Array, format: BlockFormat): Qparams {
  const { storage, symmetric } = format;
  const integers = integerRange(format);
  const range = { min: Math.min(...block), max: Math.max(...block) };
  let current = qparamsOfRange(range, storage, symmetric);
  let best = current;
  let least = errorNorm(block, current, integers);
  // The paper's weights are on the scale of the integers' reciprocal; shrinking needs errors of comparable size.
  const unit = current.scale;
  for (let i = 0, penalty = FIRST_PENALTY; i < ITERATIONS; i++, penalty *= PENALTY_GROWTH) {
    current = step(block, current, { integers, symmetric, penalty, unit });
    const norm = errorNorm(block, current, integers);
    if (norm < least) [best, least] = [current, norm];
  }
  return best;
}

interface Step {
  readonly integers: QuantRange;
  readonly symmetric: boolean;
  readonly penalty: number;
  readonly unit: number;
}

/** Shrinks the errors, and fits zero point and scale to the weights without them. */
function step(
  block: Float64Array,
  current: Qparams,
  { integers: { min, max }, symmetric, penalty, unit }: Step,
): Qparams {
  const integers = block.map((value) => integerOf(value, current, min, max));
  const targets = block.map((value, i) => {
    const error = value - ((integers[i] ?? 0) - current.zeroPoint) * current.scale;
    return value - unit * shrink(error / unit, penalty);
  });
  const zeroPoint = symmetric
    ? current.zeroPoint
    : Math.min(max, Math.max(min, roundHalfEven(meanOf(integers, targets, current.scale))));
  let [products, squares] = [0, 0];
  integers.forEach((integer, i) => {
    products += (targets[i] ?? 0) * (integer - zeroPoint);
    squares += (integer - zeroPoint) ** 2;
  });
  const scale = products > 0 && squares > 0 ? roundScale(products / squares) : current.scale;
  return { scale, zeroPoint };
}

function meanOf(integers: Float64Array, targets: Float64Array, scale: number): number {
  return integers.reduce((sum, integer, i) => sum + integer - (targets[i] ?? 0) / scale, 0) / integers.length;
}

/** The proximal operator of the p-norm, generalized soft thresholding (equation 4 of the paper). */
function shrink(error: number, penalty: number): number {
  const magnitude = Math.abs(error);
  const left = magnitude - magnitude ** (NORM - 1) / penalty;
  return left > 0 ? Math.sign(error) * left : 0;
}

function integerOf(value: number, { scale, zeroPoint }: Qparams, min: number, max: number): number {
  return Math.min(max, Math.max(min, roundHalfEven(value / scale) + zeroPoint));
}

function errorNorm(block: Float64Array, qparams: Qparams, { min, max }: QuantRange): number {
  return block.reduce((sum, value) => {
    const back = (integerOf(value, qparams, min, max) - qparams.zeroPoint) * qparams.scale;
    return sum + Math.abs(value - back) ** NORM;
  }, 0);
}
