import {
  type ActivationAttributes,
  elu,
  hardSigmoid,
  leakyRelu,
  type RECURRENT_FUNCTIONS,
  type RealFunction,
  recurrentFunctions,
  relu,
  sigmoid,
  softplus,
  softsign,
} from '@octavo/core/ir';
import { refuse } from './integer-operands.js';

/** Builds a recurrent op's activation from its parameters. */
type Maker = (alpha: number, beta: number) => RealFunction;

const MAKERS: Readonly<Record<(typeof RECURRENT_FUNCTIONS)[number], Maker>> = {
  relu: () => relu,
  tanh: () => Math.tanh,
  sigmoid: () => sigmoid,
  affine: (alpha, beta) => (x) => alpha * x + beta,
  leakyrelu: (alpha) => leakyRelu(alpha),
  thresholdedrelu: (alpha) => (x) => (x >= alpha ? x : 0),
  scaledtanh: (alpha, beta) => (x) => alpha * Math.tanh(beta * x),
  hardsigmoid: (alpha, beta) => hardSigmoid(alpha, beta),
  elu: (alpha) => elu(alpha),
  softsign: () => softsign,
  softplus: () => softplus,
};

const BY_NAME: ReadonlyMap<string, Maker> = new Map(Object.entries(MAKERS));

const identity: RealFunction = (x) => x;

/** The function at a position of the activation list; the identity when a file lists too few. */
export function activationAt(activations: readonly RealFunction[], index: number): RealFunction {
  return activations[index] ?? identity;
}

/**
 * The activations of every direction, in order, each clipping its argument to `[-clip, clip]`.
 * @param defaults The names of one direction. Throws KernelError `KERNEL_OPERAND` on an unknown name.
 */
export function recurrentActivations(
  attributes: ActivationAttributes & { readonly clip: number | undefined },
  defaults: readonly string[],
  directions: number,
): RealFunction[] {
  return recurrentFunctions(attributes, defaults, directions).map(({ name, alpha, beta }) => {
    const make = BY_NAME.get(name) ?? refuse(`the activation ${name} is unknown.`);
    const apply = make(alpha, beta);
    const bound = attributes.clip;
    return bound === undefined ? apply : (x) => apply(Math.max(-bound, Math.min(bound, x)));
  });
}
