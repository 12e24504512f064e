import { erf } from './erf.js';

/** A function of one real number. */
export type RealFunction = (x: number) => number;

/** NaN stays NaN. */
export function relu(x: number): number {
  return x < 0 ? 0 : x;
}

export function leakyRelu(alpha: number): RealFunction {
  return (x) => (x < 0 ? alpha * x : x);
}

/** `1 / (1 + exp(-x))`, from the side on which the exponential is small. */
export function sigmoid(x: number): number {
  if (x >= 0) return 1 / (1 + Math.exp(-x));
  const power = Math.exp(x);
  return power / (1 + power);
}

/** `clamp(alpha x + beta, 0, 1)`. */
export function hardSigmoid(alpha: number, beta: number): RealFunction {
  return (x) => Math.max(0, Math.min(1, alpha * x + beta));
}

export function elu(alpha: number): RealFunction {
  return (x) => (x < 0 ? alpha * Math.expm1(x) : x);
}

export function celu(alpha: number): RealFunction {
  return (x) => (x < 0 ? alpha * Math.expm1(x / alpha) : x);
}

/** `x Phi(x)`. */
export function gelu(x: number): number {
  return 0.5 * x * (1 + erf(x * Math.SQRT1_2));
}

/** `x / 2 (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3)))`. */
export function geluTanh(x: number): number {
  return 0.5 * x * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x * x * x)));
}

/** `ln(1 + exp(x))` without overflow. */
export function softplus(x: number): number {
  return Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));
}

export function mish(x: number): number {
  return x * Math.tanh(softplus(x));
}

export function softsign(x: number): number {
  return x / (1 + Math.abs(x));
}

/** `x sigmoid(alpha x)`. */
export function swish(alpha: number): RealFunction {
  return (x) => x * sigmoid(alpha * x);
}

/** `x hardSigmoid(x)` with slope 1/6 and offset 1/2. */
export function hardSwish(x: number): number {
  return x * hardSigmoid(1 / 6, 0.5)(x);
}

export function selu(alpha: number, gamma: number): RealFunction {
  const inner = elu(alpha);
  return (x) => gamma * inner(x);
}

/** 0 up to alpha. */
export function thresholdedRelu(alpha: number): RealFunction {
  return (x) => (x > alpha ? x : 0);
}

/** Moves numbers beyond `lambda` by `bias` towards 0, and all others to 0. */
export function shrink(bias: number, lambda: number): RealFunction {
  return (x) => {
    if (x < -lambda) return x + bias;
    return x > lambda ? x - bias : 0;
  };
}

/** `min(max(x, low), high)`: NaN stays NaN, and `high` wins where the bounds cross. */
export function clamp(low: number, high: number): RealFunction {
  return (x) => Math.min(Math.max(x, low), high);
}
