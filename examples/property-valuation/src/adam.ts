/** Settings of Adam (Kingma and Ba, 2015) with decoupled weight decay (Loshchilov and Hutter, 2019). */
export interface AdamOptions {
  readonly firstDecay: number;
  readonly secondDecay: number;
  readonly epsilon: number;
  readonly weightDecay: number;
}

export const defaultAdamOptions: AdamOptions = {
  firstDecay: 0.9,
  secondDecay: 0.999,
  epsilon: 1e-8,
  weightDecay: 0,
};

/** Changes the parameters in place, against their gradients, at the given learning rate. */
export type OptimizerStep = (gradients: readonly Float64Array[], learningRate: number) => void;

/** Makes the optimizer of `parameters`, whose moments it keeps; gradients come in the same order. */
export function createAdam(
  parameters: readonly Float64Array[],
  options: AdamOptions = defaultAdamOptions,
): OptimizerStep {
  const { firstDecay, secondDecay } = options;
  const slots = parameters.map((values) => ({
    values,
    first: new Float64Array(values.length),
    second: new Float64Array(values.length),
  }));
  let firstBias = 1;
  let secondBias = 1;
  return (gradients, learningRate) => {
    firstBias *= firstDecay;
    secondBias *= secondDecay;
    const rate = (learningRate * Math.sqrt(1 - secondBias)) / (1 - firstBias);
    for (const [index, slot] of slots.entries()) {
      const gradient = gradients[index];
      if (gradient?.length !== slot.values.length) {
        throw new RangeError(`parameter ${index} has ${slot.values.length} values, its gradient not`);
      }
      update(slot, gradient, { rate, decay: learningRate * options.weightDecay, options });
    }
  };
}

interface Slot {
  readonly values: Float64Array;
  readonly first: Float64Array;
  readonly second: Float64Array;
}

function update(
  { values, first, second }: Slot,
  gradient: Float64Array,
  { rate, decay, options }: { rate: number; decay: number; options: AdamOptions },
): void {
  const { firstDecay, secondDecay, epsilon } = options;
  for (let i = 0; i < values.length; i++) {
    const g = gradient[i] ?? 0;
    const m = firstDecay * (first[i] ?? 0) + (1 - firstDecay) * g;
    const v = secondDecay * (second[i] ?? 0) + (1 - secondDecay) * g * g;
    first[i] = m;
    second[i] = v;
    const value = values[i] ?? 0;
    values[i] = value - decay * value - (rate * m) / (Math.sqrt(v) + epsilon);
  }
}
