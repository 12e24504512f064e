import { defineKernel, type Kernel, type Operands } from '@octavo/backend';
import type { RealFunction } from '@octavo/core/ir';
import { GRU, LSTM, RNN } from '@octavo/core/ir';
import { type FloatArray, floats } from '../floats.js';
import { operand } from '../operand.js';
import {
  type Cell,
  type CellWeights,
  cellWeights,
  dotRow,
  type Recurrence,
  runRecurrence,
} from '../recurrence.js';
import { recurrentActivations } from '../recurrent-activations.js';

type Direction = Recurrence['direction'];

function recurrenceOf(
  inputs: Operands,
  direction: Direction,
  layout: number,
  cellState?: number,
): Recurrence {
  return {
    x: operand(inputs, 0),
    directions: direction === 'bidirectional' ? 2 : 1,
    hidden: operand(inputs, 2).shape[2] ?? 1,
    layout,
    direction,
    initialH: inputs[5],
    initialC: cellState === undefined ? undefined : inputs[cellState],
  };
}

const identity: RealFunction = (x) => x;

/** `f` at a position of the activation list; the identity when a file lists too few. */
function at(activations: readonly RealFunction[], index: number): RealFunction {
  return activations[index] ?? identity;
}

/** `W x + R h + b_w + b_r` of one gate row. */
function gateSum(weights: CellWeights, row: number, x: FloatArray, offset: number, h: FloatArray): number {
  const { w, r, wBias, rBias, width, hidden } = weights;
  const input = dotRow(w, row, width, x, offset) + (wBias[row] ?? 0);
  return input + dotRow(r, row, hidden, h, 0) + (rBias[row] ?? 0);
}

const rnn = defineKernel(RNN, {
  prepare:
    ({ attributes }) =>
    (inputs) => {
      const recurrence = recurrenceOf(inputs, attributes.direction, attributes.layout);
      const activations = recurrentActivations(attributes, ['Tanh'], recurrence.directions);
      const cells = Array.from({ length: recurrence.directions }, (_, d): Cell => {
        const weights = cellWeights(inputs, d, 1);
        return (x, offset, { h }) => {
          const next = h.map((_, i) => at(activations, d)(gateSum(weights, i, x, offset, h)));
          h.set(next);
        };
      });
      return runRecurrence(recurrence, inputs[4], cells).slice(0, 2);
    },
});

/** Gates z, r, h: `H = (1 - z) h~ + z H`. */
function gruCell(weights: CellWeights, f: RealFunction, g: RealFunction, linearBeforeReset: boolean): Cell {
  const { w, r, wBias, rBias, width, hidden } = weights;
  return (x, offset, { h }) => {
    const update = h.map((_, i) => f(gateSum(weights, i, x, offset, h)));
    const reset = h.map((_, i) => f(gateSum(weights, hidden + i, x, offset, h)));
    const kept = h.map((value, i) => value * (reset[i] ?? 0));
    const next = h.map((old, i) => {
      const row = 2 * hidden + i;
      const input = dotRow(w, row, width, x, offset) + (wBias[row] ?? 0);
      const recurrent = linearBeforeReset
        ? (reset[i] ?? 0) * (dotRow(r, row, hidden, h, 0) + (rBias[row] ?? 0))
        : dotRow(r, row, hidden, kept, 0) + (rBias[row] ?? 0);
      const z = update[i] ?? 0;
      return (1 - z) * g(input + recurrent) + z * old;
    });
    h.set(next);
  };
}

const gru = defineKernel(GRU, {
  prepare:
    ({ attributes }) =>
    (inputs) => {
      const recurrence = recurrenceOf(inputs, attributes.direction, attributes.layout);
      const activations = recurrentActivations(attributes, ['Sigmoid', 'Tanh'], recurrence.directions);
      const cells = Array.from({ length: recurrence.directions }, (_, d) =>
        gruCell(
          cellWeights(inputs, d, 3),
          at(activations, 2 * d),
          at(activations, 2 * d + 1),
          attributes.linear_before_reset !== 0,
        ),
      );
      return runRecurrence(recurrence, inputs[4], cells).slice(0, 2);
    },
});

/** The activations of an LSTM's gates, of its cell input and of its output. */
interface LstmFunctions {
  readonly f: RealFunction;
  readonly g: RealFunction;
  readonly h: RealFunction;
}

/** Gates i, o, f, c; peepholes i, o, f. With `coupled` the forget gate is `1 - i`. */
function lstmCell(
  weights: CellWeights,
  peepholes: FloatArray,
  functions: LstmFunctions,
  coupled: boolean,
): Cell {
  const { hidden } = weights;
  return (x, offset, { h, c }) => {
    const gate = (index: number, i: number) => gateSum(weights, index * hidden + i, x, offset, h);
    const peep = (index: number, i: number, cell: number) => (peepholes[index * hidden + i] ?? 0) * cell;
    const next = h.map((_, i) => {
      const old = c[i] ?? 0;
      const input = functions.f(gate(0, i) + peep(0, i, old));
      const forget = coupled ? 1 - input : functions.f(gate(2, i) + peep(2, i, old));
      const cell = forget * old + input * functions.g(gate(3, i));
      c[i] = cell;
      return functions.f(gate(1, i) + peep(1, i, cell)) * functions.h(cell);
    });
    h.set(next);
  };
}

const lstm = defineKernel(LSTM, {
  prepare:
    ({ attributes }) =>
    (inputs) => {
      const recurrence = recurrenceOf(inputs, attributes.direction, attributes.layout, 6);
      const { directions, hidden } = recurrence;
      const activations = recurrentActivations(attributes, ['Sigmoid', 'Tanh', 'Tanh'], directions);
      const peepholes = inputs[7] ? floats(inputs[7]) : new Float32Array(directions * 3 * hidden);
      const cells = Array.from({ length: directions }, (_, d) =>
        lstmCell(
          cellWeights(inputs, d, 4),
          peepholes.subarray(d * 3 * hidden, (d + 1) * 3 * hidden),
          { f: at(activations, 3 * d), g: at(activations, 3 * d + 1), h: at(activations, 3 * d + 2) },
          attributes.input_forget !== 0,
        ),
      );
      return runRecurrence(recurrence, inputs[4], cells);
    },
});

export const recurrentKernels: readonly Kernel[] = [rnn, gru, lstm];
