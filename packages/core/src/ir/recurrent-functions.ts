/** The activations that ONNX defines for recurrent ops, in lower case. */
export const RECURRENT_FUNCTIONS = [
  'sigmoid',
  'tanh',
  'relu',
  'affine',
  'leakyrelu',
  'thresholdedrelu',
  'scaledtanh',
  'hardsigmoid',
  'elu',
  'softsign',
  'softplus',
] as const;

/** The attributes that choose the activations of a recurrent op. */
export interface ActivationAttributes {
  readonly activations: readonly string[] | undefined;
  readonly activation_alpha: readonly number[] | undefined;
  readonly activation_beta: readonly number[] | undefined;
}

/** An activation of a recurrent op. */
export interface RecurrentFunction {
  /** In lower case, as ONNX compares it; not necessarily one of {@link RECURRENT_FUNCTIONS}. */
  readonly name: string;
  readonly alpha: number;
  readonly beta: number;
}

/** Activations with parameters, and the values that ONNX gives these: the attribute lists have no entries for others. */
const PARAMETERS: ReadonlyMap<string, { readonly alpha: number; readonly beta?: number }> = new Map([
  ['affine', { alpha: 1, beta: 0 }],
  ['leakyrelu', { alpha: 0.01 }],
  ['thresholdedrelu', { alpha: 1 }],
  ['scaledtanh', { alpha: 1, beta: 1 }],
  ['hardsigmoid', { alpha: 0.2, beta: 0.5 }],
  ['elu', { alpha: 1 }],
]);

/**
 * The activations of every direction, in order.
 * @param defaults The names of one direction.
 */
export function recurrentFunctions(
  attributes: ActivationAttributes,
  defaults: readonly string[],
  directions: number,
): readonly RecurrentFunction[] {
  const names = attributes.activations ?? Array.from({ length: directions }, () => defaults).flat();
  const alphas = [...(attributes.activation_alpha ?? [])];
  const betas = [...(attributes.activation_beta ?? [])];
  return names.map((each) => {
    const name = each.toLowerCase();
    const parameters = PARAMETERS.get(name);
    const alpha = parameters ? (alphas.shift() ?? parameters.alpha) : 0;
    const beta = parameters?.beta === undefined ? 0 : (betas.shift() ?? parameters.beta);
    return { name, alpha, beta };
  });
}
