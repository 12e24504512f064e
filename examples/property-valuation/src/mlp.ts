import type { Draws } from './draws.js';

/** A dense layer `y = x * weight + bias`; `weight` is row-major [inputs, outputs]. */
export interface DenseLayer {
  readonly inputs: number;
  readonly outputs: number;
  readonly weight: Float64Array;
  readonly bias: Float64Array;
}

/** Dense layers with a ReLU after every layer but the last. */
export type Mlp = readonly DenseLayer[];

/** Makes a network with the given widths, inputs first; weights after He, biases 0. */
export function createMlp(widths: readonly number[], draws: Draws): Mlp {
  return widths.slice(1).map((outputs, index) => {
    const inputs = widths[index] ?? 0;
    const bound = Math.sqrt(6 / inputs);
    const weight = Float64Array.from({ length: inputs * outputs }, () => draws.uniform(-bound, bound));
    return { inputs, outputs, weight, bias: new Float64Array(outputs) };
  });
}

/**
 * Outputs of all layers for `rows` rows of row-major inputs, first layer first;
 * the last is the network's output, before it each is taken after its ReLU.
 */
export function forward(mlp: Mlp, input: Float64Array, rows: number): readonly Float64Array[] {
  const activations: Float64Array[] = [];
  let current = input;
  for (const [index, layer] of mlp.entries()) {
    current = denseForward(layer, current, rows);
    if (index < mlp.length - 1) {
      rectify(current);
    }
    activations.push(current);
  }
  return activations;
}

/**
 * Gradients of a loss, given the outputs of `forward` and the gradient of the loss with respect to
 * the network's output, [rows, outputs]. Layers are shaped as the network's.
 */
export function backward(
  mlp: Mlp,
  input: Float64Array,
  activations: readonly Float64Array[],
  outputGradient: Float64Array,
): Mlp {
  const gradients: DenseLayer[] = [];
  let gradient = outputGradient;
  for (let index = mlp.length - 1; index >= 0; index--) {
    const layer = layerAt(mlp, index);
    const layerInput = activations[index - 1] ?? input;
    gradients.unshift(parameterGradient(layer, layerInput, gradient));
    if (index > 0) {
      gradient = inputGradient(layer, layerInput, gradient);
    }
  }
  return gradients;
}

/** A layer of a network; throws RangeError when there is none at `index`. */
export function layerAt(mlp: Mlp, index: number): DenseLayer {
  const layer = mlp[index];
  if (layer === undefined) {
    throw new RangeError(`the network has ${mlp.length} layers, none at ${index}`);
  }
  return layer;
}

function denseForward(layer: DenseLayer, input: Float64Array, rows: number): Float64Array {
  const { inputs, outputs, weight, bias } = layer;
  const output = new Float64Array(rows * outputs);
  for (let row = 0; row < rows; row++) {
    const target = output.subarray(row * outputs, (row + 1) * outputs);
    target.set(bias);
    for (let k = 0; k < inputs; k++) {
      addScaled(target, weight.subarray(k * outputs, (k + 1) * outputs), input[row * inputs + k] ?? 0);
    }
  }
  return output;
}

function rectify(values: Float64Array): void {
  for (let i = 0; i < values.length; i++) {
    values[i] = Math.max(0, values[i] ?? 0);
  }
}

function parameterGradient(layer: DenseLayer, input: Float64Array, gradient: Float64Array): DenseLayer {
  const { inputs, outputs } = layer;
  const weight = new Float64Array(inputs * outputs);
  const bias = new Float64Array(outputs);
  for (let row = 0; row < gradient.length / outputs; row++) {
    const rowGradient = gradient.subarray(row * outputs, (row + 1) * outputs);
    addScaled(bias, rowGradient, 1);
    for (let k = 0; k < inputs; k++) {
      addScaled(weight.subarray(k * outputs, (k + 1) * outputs), rowGradient, input[row * inputs + k] ?? 0);
    }
  }
  return { inputs, outputs, weight, bias };
}

/** `input` is the output of a ReLU: where it is 0 no gradient passes. */
function inputGradient(layer: DenseLayer, input: Float64Array, gradient: Float64Array): Float64Array {
  const { inputs, outputs, weight } = layer;
  const result = new Float64Array(input.length);
  for (let i = 0; i < input.length; i++) {
    if ((input[i] ?? 0) > 0) {
      const row = Math.floor(i / inputs);
      const k = i % inputs;
      result[i] = dot(
        gradient.subarray(row * outputs, (row + 1) * outputs),
        weight.subarray(k * outputs, (k + 1) * outputs),
      );
    }
  }
  return result;
}

function addScaled(target: Float64Array, source: Float64Array, factor: number): void {
  if (factor === 0) {
    return;
  }
  for (let i = 0; i < target.length; i++) {
    target[i] = (target[i] ?? 0) + factor * (source[i] ?? 0);
  }
}

function dot(left: Float64Array, right: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < left.length; i++) {
    sum += (left[i] ?? 0) * (right[i] ?? 0);
  }
  return sum;
}
