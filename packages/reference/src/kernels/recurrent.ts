import { defineKernel, type Kernel, type Operands } from '@octavo/backend';
import type { RealFunction } from '@octavo/core/ir';
import { GRU, LSTM, RNN } from '@octavo/core/ir';
import { type FloatArray, floats } from '../floats.js';
import { type GateSums, lstmCell, lstmFunctions } from '../lstm-cell.js';
import { operand } from '../operand.js';
import {
  type Cell,
  type CellWeights,
  cellWeights,
  checkRecurrentOperands,
  dotRow,
  type Recurrence,
  runRecurrence,
} from '../recurrence.js';
import { activationAt, recurrentActivations } from '../recurrent-activations.js';

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

/** `W x + R h + b_w + b_r` of one gate row. */
function gateSum(weights: CellWeights, row: number, x: FloatArray, offset: number, h: FloatArray): number {
  const { w, r, wBias, rBias, width, hidden } = weights;
  const input = dotRow(w, row, width, x, offset) + (wBias[row] ?? 0);
  return input + dotRow(r, row, hidden, h, 0) + (rBias[row] ?? 0);
}

const rnn = defineKernel(RNN, {
  prepare:
    ({ node, attributes }) =>
    (inputs) => {
      checkRecurrentOperands(node, inputs);
      const recurrence = recurrenceOf(inputs, attributes.direction, attributes.layout);
      const activations = recurrentActivations(attributes, ['Tanh'], recurrence.directions);
      const cells = Array.from({ length: recurrence.directions }, (_, d): Cell => {
        const weights = cellWeights(inputs, d, 1);
        return (x, offset, { h }) => {
          const next = h.map((_, i) => activationAt(activations, d)(gateSum(weights, i, x, offset, h)));
          h.set(next);
        };
      });
      return runRecurrence(recurrence, inputs[4], cells).slice(0, 2);
    },
});

/** The gate sums of an LSTM whose weights are floats. */
function floatGates(weights: CellWeights): GateSums {
  return (row, x, offset, { h }) => gateSum(weights, row, x, offset, h);
}

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
    ({ node, attributes }) =>
    (inputs) => {
      checkRecurrentOperands(node, inputs);
      const recurrence = recurrenceOf(inputs, attributes.direction, attributes.layout);
      const activations = recurrentActivations(attributes, ['Sigmoid', 'Tanh'], recurrence.directions);
      const cells = Array.from({ length: recurrence.directions }, (_, d) =>
        gruCell(
          cellWeights(inputs, d, 3),
          activationAt(activations, 2 * d),
          activationAt(activations, 2 * d + 1),
          attributes.linear_before_reset !== 0,
        ),
      );
      return runRecurrence(recurrence, inputs[4], cells).slice(0, 2);
    },
});

const lstm = defineKernel(LSTM, {
  prepare:
    ({ node, attributes }) =>
    (inputs) => {
      checkRecurrentOperands(node, inputs);
      const recurrence = recurrenceOf(inputs, attributes.direction, attributes.layout, 6);
      const { directions, hidden } = recurrence;
      const activations = recurrentActivations(attributes, ['Sigmoid', 'Tanh', 'Tanh'], directions);
      const peepholes = inputs[7] ? floats(inputs[7]) : new Float32Array(directions * 3 * hidden);
      const cells = Array.from({ length: directions }, (_, d) =>
        lstmCell(floatGates(cellWeights(inputs, d, 4)), {
          hidden,
          peepholes: peepholes.subarray(d * 3 * hidden, (d + 1) * 3 * hidden),
          functions: lstmFunctions(activations, d),
          coupled: attributes.input_forget !== 0,
        }),
      );
      return runRecurrence(recurrence, inputs[4], cells);
    },
});

export const recurrentKernels: readonly Kernel[] = [rnn, gru, lstm];
