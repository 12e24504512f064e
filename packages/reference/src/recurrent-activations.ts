import {
  elu,
  hardSigmoid,
  leakyRelu,
  type RealFunction,
  relu,
  sigmoid,
  softplus,
  softsign,
} from '@octavo/core/ir';
import { refuse } from './integer-operands.js';

/** Builds a recurrent op's activation from its `activation_alpha` and `activation_beta` entries. */
type Maker = (alpha: number | undefined, beta: number | undefined) => RealFunction;

const MAKERS: Readonly<Record<string, Maker>> = {
  relu: () => relu,
  tanh: () => Math.tanh,
  sigmoid: () => sigmoid,
  affine:
    (alpha = 1, beta = 0) =>
    (x) =>
      alpha * x + beta,
  leakyrelu: (alpha = 0.01) => leakyRelu(alpha),
  thresholdedrelu:
    (alpha = 1) =>
    (x) =>
      x >= alpha ? x : 0,
  scaledtanh:
    (alpha = 1, beta = 1) =>
    (x) =>
      alpha * Math.tanh(beta * x),
  hardsigmoid: (alpha = 0.2, beta = 0.5) => hardSigmoid(alpha, beta),
  elu: (alpha = 1) => elu(alpha),
  softsign: () => softsign,
  softplus: () => softplus,
};

/** The attributes that choose activations. */
export interface ActivationAttributes {
  readonly activations: readonly string[] | undefined;
  readonly activation_alpha: readonly number[] | undefined;
  readonly activation_beta: readonly number[] | undefined;
  readonly clip: number | undefined;
}

/** Activations that take an alpha, and a beta, from the attribute lists; those lists have no entries for the others. */
const TAKES_ALPHA = new Set(['affine', 'leakyrelu', 'thresholdedrelu', 'scaledtanh', 'hardsigmoid', 'elu']);
const TAKES_BETA = new Set(['affine', 'scaledtanh', 'hardsigmoid']);

/**
 * The activations of every direction, in order, each clipping its argument to `[-clip, clip]`.
 * @param defaults The names of one direction. Throws OctavoError `KERNEL_OPERAND` on an unknown name.
 */
export function recurrentActivations(
  attributes: ActivationAttributes,
  defaults: readonly string[],
  directions: number,
): RealFunction[] {
  const names = attributes.activations ?? Array.from({ length: directions }, () => defaults).flat();
  const alphas = [...(attributes.activation_alpha ?? [])];
  const betas = [...(attributes.activation_beta ?? [])];
  return names.map((name) => {
    const key = name.toLowerCase();
    const make = MAKERS[key] ?? refuse(`the activation ${name} is unknown.`);
    const alpha = TAKES_ALPHA.has(key) ? alphas.shift() : undefined;
    const apply = make(alpha, TAKES_BETA.has(key) ? betas.shift() : undefined);
    const bound = attributes.clip;
    return bound === undefined ? apply : (x) => apply(Math.max(-bound, Math.min(bound, x)));
  });
}
