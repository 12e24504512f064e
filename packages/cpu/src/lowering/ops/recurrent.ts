import { type Support, supportUnless } from '@octavo/backend';
import { GRU, LSTM, type Node, RNN } from '@octavo/core/ir';
import type { Tensor } from '@octavo/core/tensor';
import { activationWords } from '../activation.js';
import { declineFloats } from '../float-values.js';
import { defineLowering, type LoweredNode, type Lowering } from '../lowering.js';
import type { Operand } from '../operand.js';
import type { ProgramBuilder } from '../program-builder.js';
import {
  type Cell,
  declineRecurrence,
  emitRecurrence,
  LSTM_CELL,
  type RecurrentAttributes,
  type RecurrentSizes,
  recurrentBiases,
  recurrentSizes,
} from '../recurrence.js';
import { required, shapeOf } from '../static-value.js';
import { floatsOf } from './float-conv2d.js';

const RNN_CELL: Cell = { code: 0, functions: ['tanh'], stages: [1], hasCellState: false };
const GRU_CELL: Cell = { code: 2, functions: ['sigmoid', 'tanh'], stages: [2, 1], hasCellState: false };
const GRU_RESET_LAST_CELL: Cell = { ...GRU_CELL, code: 3, stages: [3] };

function supportsCell(node: Node, cell: Cell, attributes: RecurrentAttributes): Support {
  const floats = [...node.inputs.filter((_, index) => index !== 4), ...node.outputs];
  return supportUnless(declineFloats(floats) ?? declineRecurrence(node, cell, attributes));
}

/**
 * One product of the input with the weights of all steps, gates and directions, then the native op that goes from step
 * to step.
 */
function lowerCell(
  { node, constants }: LoweredNode,
  attributes: RecurrentAttributes,
  cell: Cell,
  program: ProgramBuilder,
): void {
  const [, , hidden = 1] = shapeOf(required(node.inputs[2], node));
  const sizes = recurrentSizes(node, hidden, cell, attributes.layout);
  const [wBias, rBias] = recurrentBiases(constants[3], node.inputs[3], sizes);
  emitRecurrence(program, node, {
    cell,
    sizes,
    attributes,
    gates: emitInputProduct(node, constants[1], wBias, sizes, program),
    bias: rBias,
    weights: (d, stage) => packedStage(node, constants[2], { cell, sizes, d, stage }, program),
    kernel: `recurrence ${program.isa.floatKernel}`,
  });
}

function emitInputProduct(
  node: Node,
  weights: Tensor | undefined,
  bias: Float32Array | undefined,
  { directions, steps, batch, width, hidden, gates }: RecurrentSizes,
  program: ProgramBuilder,
): Operand {
  const w = required(node.inputs[1], node);
  const columns = directions * gates * hidden;
  const packed = program.packed(w, 'recurrent input', () =>
    program.binding.packFloatMatrix(floatsOf(weights, w), false, width, columns, 1, width, false),
  );
  const from = program.operand(required(node.inputs[0], node));
  const to = program.scratch(4 * steps * batch * columns);
  program.emit({
    name: 'float_matmul',
    operands: [bias && program.constant(bias), undefined, from, to],
    words: [packed, ...activationWords(), steps * batch],
  });
  return to;
}

/** A stage of a cell in a direction. */
interface Stage {
  readonly cell: Cell;
  readonly sizes: RecurrentSizes;
  readonly d: number;
  readonly stage: number;
}

function packedStage(
  node: Node,
  weights: Tensor | undefined,
  { cell: { stages }, sizes: { gates, hidden }, d, stage }: Stage,
  program: ProgramBuilder,
): number {
  const r = required(node.inputs[2], node);
  const before = stages.slice(0, stage).reduce((sum, each) => sum + each, d * gates);
  const [first, count] = [before * hidden, (stages[stage] ?? 0) * hidden];
  return program.packed(r, `recurrent ${first} ${count}`, () => {
    const part = floatsOf(weights, r).subarray(first * hidden, (first + count) * hidden);
    return program.binding.packFloatMatrix(part, false, hidden, count, 1, hidden, false);
  });
}

const rnn = defineLowering(RNN, {
  supports: (node) => supportsCell(node, RNN_CELL, RNN.attributes(node)),
  lower: (lowered, program) => lowerCell(lowered, lowered.attributes, RNN_CELL, program),
});

const lstm = defineLowering(LSTM, {
  supports: (node) => supportsCell(node, LSTM_CELL, LSTM.attributes(node)),
  lower: (lowered, program) => lowerCell(lowered, lowered.attributes, LSTM_CELL, program),
});

const gru = defineLowering(GRU, {
  supports: (node) => supportsCell(node, GRU_CELL, GRU.attributes(node)),
  lower: (lowered, program) => {
    const cell = lowered.attributes.linear_before_reset === 0 ? GRU_CELL : GRU_RESET_LAST_CELL;
    lowerCell(lowered, lowered.attributes, cell, program);
  },
});

/** Recurrent layers with constant weights. */
export const recurrentLowerings: readonly Lowering[] = [gru, lstm, rnn];
