import { defineKernel, type Kernel, type Operands } from '@octavo/backend';
import { DynamicQuantizeLSTM } from '@octavo/core/ir';
import { type DynamicIntegers, dynamicQuantize } from '@octavo/core/quant';
import { type Tensor, toNumbers } from '@octavo/core/tensor';
import { type FloatArray, floats } from '../floats.js';
import { refuse } from '../integer-operands.js';
import { centeredColumns, type IntegerOperand, integerSums, scaleProduct } from '../integer-product.js';
import { type GateSums, lstmCell, lstmFunctions } from '../lstm-cell.js';
import { operand } from '../operand.js';
import { type Cell, checkRecurrentOperands, runRecurrence, type State } from '../recurrence.js';
import { recurrentActivations } from '../recurrent-activations.js';

/**
 * Slices the weights at input `index`, and their scales and zero points from `parameters` on, for direction `d`.
 * Throws KernelError `KERNEL_OPERAND` when there are not one or `columns` of those a direction.
 */
function weightsOf(inputs: Operands, index: number, parameters: number, d: number): IntegerOperand {
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
    shape: [depth, columns],
    scales: part(operand(inputs, parameters)),
    zeroPoints: part(operand(inputs, parameters + 1)),
  };
}

/**
 * The products of rows with all columns, in int32 and then scaled in float32.
 * @param centered The weights minus their zero points, where that was computed before.
 */
function quantizedProducts(
  rows: DynamicIntegers,
  weights: IntegerOperand,
  centered?: Float32Array,
): Float32Array {
  const [depth = 1] = weights.shape;
  const { values, scale, zeroPoint } = rows;
  const count = depth === 0 ? 0 : values.length / depth;
  const a = { values, shape: [count, depth], scales: [scale], zeroPoints: [zeroPoint] };
  const { plan, sums } = integerSums(a, weights, centered);
  return scaleProduct(new Int32Array(sums), plan, a.scales, weights.scales);
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

/** The products of the states of a step with the weights of a direction. */
class StateProducts {
  readonly #weights: IntegerOperand;
  readonly #centered: Float32Array;
  #products: Float32Array = new Float32Array(0);
  #places = new Map<State, number>();

  constructor(weights: IntegerOperand) {
    this.#weights = weights;
    this.#centered = centeredColumns(weights);
  }

  multiply(states: readonly State[]): void {
    this.#places = new Map(states.map((state, index) => [state, index]));
    const rows = dynamicQuantize(Float32Array.from(states.flatMap(({ h }) => Array.from(h))));
    this.#products = quantizedProducts(rows, this.#weights, this.#centered);
  }

  at(state: State, column: number): number {
    const [, columns = 1] = this.#weights.shape;
    return this.#products[(this.#places.get(state) ?? 0) * columns + column] ?? 0;
  }
}

/** The `count` numbers of direction `d`; zeros where they are left out. */
function slice(tensor: Tensor | undefined, d: number, count: number): FloatArray {
  return tensor ? floats(tensor).subarray(d * count, (d + 1) * count) : new Float32Array(count);
}

const dynamicQuantizeLstm = defineKernel(DynamicQuantizeLSTM, {
  prepare:
    ({ node, attributes }) =>
    (inputs) => {
      checkRecurrentOperands(node, inputs);
      const x = operand(inputs, 0);
      const [, width = 1] = operand(inputs, 1).shape;
      const [directions = 1, hidden = 1] = operand(inputs, 2).shape;
      const activations = recurrentActivations(attributes, ['Sigmoid', 'Tanh', 'Tanh'], directions);
      const rows = dynamicQuantize(readRows(x, inputs[4]));
      const states = Array.from(
        { length: directions },
        (_, d) => new StateProducts(weightsOf(inputs, 2, 10, d)),
      );
      const cells = states.map((ofStates, d) => {
        const ofInput = quantizedProducts(rows, weightsOf(inputs, 1, 8, d));
        const bias = slice(inputs[3], d, 8 * hidden);
        const sums: GateSums = (row, _, offset, state) =>
          (ofInput[(offset / width) * 4 * hidden + row] ?? 0) +
          ofStates.at(state, row) +
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
        beforeStep: (d: number, changed: readonly State[]) => states[d]?.multiply(changed),
      };
      return runRecurrence(recurrence, inputs[4], cells);
    },
});

/**
 * The states of a batch are quantized together in each step, one last time where a sequence has just ended: what
 * onnxruntime does on one thread, where all states are an output.
 */
export const dynamicQuantizeLstmKernels: readonly Kernel[] = [dynamicQuantizeLstm];
