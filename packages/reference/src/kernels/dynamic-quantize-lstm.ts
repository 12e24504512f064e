import { defineKernel, type Kernel, type Operands } from '@octavo/backend';
import { DynamicQuantizeLSTM } from '@octavo/core/ir';
import { type DynamicIntegers, dynamicQuantize } from '@octavo/core/quant';
import { type Tensor, toNumbers } from '@octavo/core/tensor';
import { type FloatArray, floats } from '../floats.js';
import { refuse } from '../integer-operands.js';
import { type GateSums, lstmCell, lstmFunctions } from '../lstm-cell.js';
import { operand } from '../operand.js';
import { type Cell, runRecurrence, type State } from '../recurrence.js';
import { recurrentActivations } from '../recurrent-activations.js';

/** Weights of one direction, `[depth, columns]`, with a scale and zero point for all or one a column. */
interface QuantizedWeights {
  readonly values: ArrayLike<number>;
  readonly depth: number;
  readonly columns: number;
  readonly scales: ArrayLike<number>;
  readonly zeroPoints: ArrayLike<number>;
}

/**
 * Slices the weights at input `index`, and their scales and zero points from `parameters` on, for direction `d`.
 * Throws OctavoError `KERNEL_OPERAND` when there are not one or `columns` of those a direction.
 */
function weightsOf(inputs: Operands, index: number, parameters: number, d: number): QuantizedWeights {
  const tensor = operand(inputs, index);
  const [directions = 1, depth = 1, columns = 1] = tensor.shape;
  for (const { size } of [operand(inputs, parameters), operand(inputs, parameters + 1)]) {
    if (size !== directions && size !== directions * columns)
      refuse(`${size} scales or zero points belong to no ${directions} x ${columns} columns.`);
  }
  const part = (each: Tensor) => {
    const size = each.size / directions;
    return toNumbers(each).subarray(d * size, (d + 1) * size);
  };
  return {
    values: part(tensor),
    depth,
    columns,
    scales: part(operand(inputs, parameters)),
    zeroPoints: part(operand(inputs, parameters + 1)),
  };
}

/** The product of row `row` with a column, in integers and then scaled in float32. */
function quantizedProduct(
  rows: DynamicIntegers,
  row: number,
  weights: QuantizedWeights,
  column: number,
): number {
  const { values, depth, columns, scales, zeroPoints } = weights;
  const parameter = scales.length === 1 ? 0 : column;
  const zeroPoint = zeroPoints[zeroPoints.length === 1 ? 0 : column] ?? 0;
  let sum = 0;
  for (let k = 0; k < depth; k++) {
    const a = (rows.values[row * depth + k] ?? 0) - rows.zeroPoint;
    sum += a * ((values[k * columns + column] ?? 0) - zeroPoint);
  }
  return Math.fround(sum * Math.fround(rows.scale * (scales[parameter] ?? 1)));
}

/** The rows of the input that some sequence still reads: those decide its range. */
function readRows(x: Tensor, lengths: Tensor | undefined): Float32Array {
  const [steps = 0, batch = 0, width = 0] = x.shape;
  let longest = lengths ? 0 : steps;
  // One by one: there may be more sequences than a call takes arguments.
  for (const length of lengths ? toNumbers(lengths) : []) longest = Math.max(longest, length);
  return Float32Array.from(toNumbers(x).subarray(0, Math.min(steps, longest) * batch * width));
}

/** A cell whose states have the precision that they leave the op in: a sequence may be cut anywhere. */
function inSinglePrecision(cell: Cell): Cell {
  return (x, offset, state) => {
    cell(x, offset, state);
    for (const part of [state.h, state.c]) part.set(part.map(Math.fround));
  };
}

/** Where the states of a step lie in what {@link dynamicQuantize} made of them. */
class StepStates {
  #rows: DynamicIntegers = dynamicQuantize(new Float32Array(0));
  #places = new Map<State, number>();

  set(states: readonly State[]): void {
    this.#places = new Map(states.map((state, index) => [state, index]));
    this.#rows = dynamicQuantize(Float32Array.from(states.flatMap(({ h }) => Array.from(h))));
  }

  product(state: State, weights: QuantizedWeights, column: number): number {
    return quantizedProduct(this.#rows, this.#places.get(state) ?? 0, weights, column);
  }
}

const dynamicQuantizeLstm = defineKernel(DynamicQuantizeLSTM, {
  prepare:
    ({ attributes }) =>
    (inputs) => {
      const x = operand(inputs, 0);
      const [, width = 1] = operand(inputs, 1).shape;
      const [directions = 1, hidden = 1] = operand(inputs, 2).shape;
      const activations = recurrentActivations(attributes, ['Sigmoid', 'Tanh', 'Tanh'], directions);
      const rows = dynamicQuantize(readRows(x, inputs[4]));
      const slice = (tensor: Tensor | undefined, d: number, count: number): FloatArray =>
        tensor ? floats(tensor).subarray(d * count, (d + 1) * count) : new Float32Array(count);
      const steps = Array.from({ length: directions }, () => new StepStates());
      const cells = steps.map((states, d) => {
        const [w, r] = [weightsOf(inputs, 1, 8, d), weightsOf(inputs, 2, 10, d)];
        const bias = slice(inputs[3], d, 8 * hidden);
        const sums: GateSums = (row, _, offset, state) =>
          quantizedProduct(rows, offset / width, w, row) +
          states.product(state, r, row) +
          (bias[row] ?? 0) +
          (bias[4 * hidden + row] ?? 0);
        const cell = lstmCell(sums, {
          hidden,
          peepholes: slice(inputs[7], d, 3 * hidden),
          functions: lstmFunctions(activations, d),
          coupled: attributes.input_forget !== 0,
        });
        return inSinglePrecision(cell);
      });
      const recurrence = {
        x,
        directions,
        hidden,
        layout: 0,
        direction: attributes.direction,
        initialH: inputs[5],
        initialC: inputs[6],
        beforeStep: (d: number, states: readonly State[]) => steps[d]?.set(states),
      };
      return runRecurrence(recurrence, inputs[4], cells);
    },
});

/**
 * The states of a batch are quantized together in each step, one last time where a sequence has just ended: what
 * onnxruntime does on one thread, where all states are an output.
 */
export const dynamicQuantizeLstmKernels: readonly Kernel[] = [dynamicQuantizeLstm];
