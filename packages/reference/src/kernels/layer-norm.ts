import { defineKernel, type Kernel } from '@octavo/backend';
import { LayerNormalization, RMSNormalization, SimplifiedLayerNormalization } from '@octavo/core/ir';
import { type Shape, Tensor } from '@octavo/core/tensor';
import { linesFrom } from '../axis-lines.js';
import { type FloatArray, floats, floatTensor } from '../floats.js';
import { broadcastIndices } from '../indices.js';
import { meanSquare, moments } from '../moments.js';
import { operand } from '../operand.js';

/** `(x - shift) * factor` of each line, with what each line was shifted and multiplied by. */
export interface NormalizedLines {
  readonly values: Float64Array;
  readonly shifts: Float32Array;
  readonly factors: Float32Array;
}

/** Subtracts the mean (unless `rms`) of each stretch of `length` and divides by its deviation or root mean square. */
export function normalizeLines(
  x: FloatArray,
  length: number,
  epsilon: number,
  rms: boolean,
): NormalizedLines {
  const count = length === 0 ? 0 : x.length / length;
  const values = new Float64Array(x.length);
  const [shifts, factors] = [new Float32Array(count), new Float32Array(count)];
  for (let line = 0; line < count; line++) {
    const start = line * length;
    const { mean, variance } = rms
      ? { mean: 0, variance: meanSquare(x, start, length) }
      : moments(x, start, length);
    const factor = 1 / Math.sqrt(variance + epsilon);
    for (let i = start; i < start + length; i++) values[i] = ((x[i] ?? 0) - mean) * factor;
    shifts[line] = mean;
    factors[line] = factor;
  }
  return { values, shifts, factors };
}

/** `values * scale + bias`, both broadcast to `shape`. */
export function scaleAndShift(
  values: Float64Array,
  shape: Shape,
  scale: Tensor,
  bias: Tensor | undefined,
): Float64Array {
  const [factors, factorIndices] = [floats(scale), broadcastIndices(scale.shape, shape)];
  const terms = bias && floats(bias);
  const termIndices = bias && broadcastIndices(bias.shape, shape);
  for (let i = 0; i < values.length; i++) {
    const term = terms?.[termIndices?.[i] ?? 0] ?? 0;
    values[i] = (values[i] ?? 0) * (factors[factorIndices[i] ?? 0] ?? 0) + term;
  }
  return values;
}

function reducedShape(shape: Shape, axis: number): Shape {
  const first = axis < 0 ? axis + shape.length : axis;
  return shape.map((size, index) => (index < first ? size : 1));
}

const layerNormalization = defineKernel(LayerNormalization, {
  prepare:
    ({ attributes: { axis, epsilon } }) =>
    (inputs) => {
      const x = operand(inputs, 0);
      const { length } = linesFrom(x.shape, axis);
      const { values, shifts, factors } = normalizeLines(floats(x), length, epsilon, false);
      const y = scaleAndShift(values, x.shape, operand(inputs, 1), inputs[2]);
      const reduced = reducedShape(x.shape, axis);
      return [
        floatTensor(x.dtype, x.shape, y),
        new Tensor('float32', reduced, shifts),
        new Tensor('float32', reduced, factors),
      ];
    },
});

function rmsKernel(op: typeof RMSNormalization | typeof SimplifiedLayerNormalization): Kernel {
  return defineKernel(op as typeof RMSNormalization, {
    prepare:
      ({ attributes: { axis, epsilon } }) =>
      (inputs) => {
        const x = operand(inputs, 0);
        const { length } = linesFrom(x.shape, axis);
        const { values, factors } = normalizeLines(floats(x), length, epsilon, true);
        const y = scaleAndShift(values, x.shape, operand(inputs, 1), undefined);
        return [
          floatTensor(x.dtype, x.shape, y),
          new Tensor('float32', reducedShape(x.shape, axis), factors),
        ];
      },
  });
}

export const layerNormKernels: readonly Kernel[] = [
  layerNormalization,
  rmsKernel(RMSNormalization),
  rmsKernel(SimplifiedLayerNormalization),
];
