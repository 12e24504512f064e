import { SUPPORTED, type Support, unsupported } from '@octavo/backend';
import {
  type ActivationAttributes,
  GRU,
  LSTM,
  type Node,
  RECURRENT_FUNCTIONS,
  type RecurrentFunction,
  RNN,
  recurrentFunctions,
  type Value,
} from '@octavo/core/ir';
import type { Tensor } from '@octavo/core/tensor';
import { activationWords } from '../activation.js';
import { declineFloats } from '../float-values.js';
import { defineLowering, type LoweredNode, type Lowering } from '../lowering.js';
import { floatWord, type Operand } from '../operand.js';
import type { ProgramBuilder } from '../program-builder.js';
import { dtypeOf, required, shapeOf } from '../static-value.js';
import { floatsOf } from './float-conv2d.js';

/** A kind of cell, as `native/src/recurrent/recurrence.cc` has it. */
interface Cell {
  /** Its number in `recurrent_cells()`. */
  readonly code: number;
  readonly functions: readonly string[];
  /** Gates that each product with the states gives, one after the other. */
  readonly stages: readonly number[];
  readonly hasCellState: boolean;
}

const RNN_CELL: Cell = { code: 0, functions: ['tanh'], stages: [1], hasCellState: false };
const LSTM_CELL: Cell = {
  code: 1,
  functions: ['sigmoid', 'tanh', 'tanh'],
  stages: [4],
  hasCellState: true,
};
const GRU_CELL: Cell = { code: 2, functions: ['sigmoid', 'tanh'], stages: [2, 1], hasCellState: false };
const GRU_RESET_LAST_CELL: Cell = { ...GRU_CELL, code: 3, stages: [3] };

/** In the order of `native/src/recurrent/functions.inc`. */
const FUNCTIONS: readonly string[] = RECURRENT_FUNCTIONS;

interface RecurrentAttributes extends ActivationAttributes {
  readonly clip: number | undefined;
  readonly direction: 'forward' | 'reverse' | 'bidirectional';
  readonly layout: number;
  readonly input_forget?: number;
}

/** The activations of a node; too few of them where its list is short. */
function functionsOf(cell: Cell, attributes: RecurrentAttributes): readonly RecurrentFunction[] {
  const directions = attributes.direction === 'bidirectional' ? 2 : 1;
  return recurrentFunctions(attributes, cell.functions, directions).slice(
    0,
    directions * cell.functions.length,
  );
}

function supportsCell(node: Node, cell: Cell, attributes: RecurrentAttributes): Support {
  const [x, w, r, b, lengths, ...others] = node.inputs;
  const reason = declineFloats([x, w, r, b, ...others, ...node.outputs]);
  if (reason !== undefined) return unsupported(reason);
  if (!w?.constant || !r?.constant || (b && !b.constant)) return unsupported('its weights are not constant');
  if (lengths && dtypeOf(lengths) !== 'int32')
    return unsupported(`no kernel for ${dtypeOf(lengths)} sequence lengths`);
  const functions = functionsOf(cell, attributes);
  const unknown = functions.find(({ name }) => !FUNCTIONS.includes(name));
  if (unknown) return unsupported(`no kernel for the activation ${unknown.name}`);
  const [directions = 1] = shapeOf(w);
  if (functions.length < directions * cell.functions.length)
    return unsupported('it lists too few activations');
  if (Number.isNaN(attributes.clip) || (attributes.clip ?? 0) < 0) return unsupported('its clip is no limit');
  return SUPPORTED;
}

/** The sizes of a recurrent node. */
interface Sizes {
  readonly directions: number;
  readonly steps: number;
  readonly batch: number;
  readonly width: number;
  readonly hidden: number;
  readonly gates: number;
}

function sizesOf(node: Node, cell: Cell, layout: number): Sizes {
  const [first = 1, second = 1, width = 1] = shapeOf(required(node.inputs[0], node));
  const [directions = 1, , hidden = 1] = shapeOf(required(node.inputs[2], node));
  const [steps, batch] = layout === 0 ? [first, second] : [second, first];
  const gates = cell.stages.reduce((sum, count) => sum + count, 0);
  return { directions, steps, batch, width, hidden, gates };
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
  const sizes = sizesOf(node, cell, attributes.layout);
  const { directions, steps, batch, hidden, gates } = sizes;
  const floats = 4 * directions * batch * hidden;
  const [wBias, rBias] = biases(constants[3], node.inputs[3], sizes, program);
  const read = (index: number): Operand | undefined => {
    const value = node.inputs[index];
    return value && program.operand(value);
  };
  const write = (index: number): Operand | undefined => {
    const value = node.outputs[index];
    return value && program.output(value);
  };
  const product = emitInputProduct(node, constants[1], wBias, sizes, program);
  const isLstm = cell.hasCellState;
  const reads = [rBias, read(4), read(5), isLstm ? read(6) : undefined, isLstm ? read(7) : undefined];
  const kept = cell.stages.length > 1 ? program.scratch(floats) : undefined;
  const c = isLstm ? (write(2) ?? program.scratch(floats)) : undefined;
  program.emit(
    {
      name: 'recurrence',
      operands: [
        product,
        ...reads,
        program.scratch(floats * gates),
        kept,
        write(0),
        write(1) ?? program.scratch(floats),
        c,
      ],
      words: [
        cell.code,
        ...[directions, steps, batch, hidden],
        attributes.direction === 'reverse' ? 1 : 0,
        attributes.layout === 0 ? 0 : 1,
        attributes.input_forget ? 1 : 0,
        floatWord(attributes.clip ?? Number.POSITIVE_INFINITY),
        ...directionWords(node, constants[2], cell, functionsOf(cell, attributes), program),
      ],
    },
    `recurrence ${program.binding.isa().floatKernel}`,
  );
}

/** The biases of the input's product and of the states' products, one number a direction and gate. */
function biases(
  tensor: Tensor | undefined,
  value: Value | undefined,
  { directions, hidden, gates }: Sizes,
  program: ProgramBuilder,
): readonly [Operand | undefined, Operand | undefined] {
  if (!value) return [undefined, undefined];
  const data = floatsOf(tensor, value);
  const rows = gates * hidden;
  const half = (which: 0 | 1): Operand => {
    const all = new Float32Array(directions * rows);
    for (let d = 0; d < directions; d++)
      all.set(data.subarray((2 * d + which) * rows, (2 * d + which + 1) * rows), d * rows);
    return program.constant(all);
  };
  return [half(0), half(1)];
}

function emitInputProduct(
  node: Node,
  weights: Tensor | undefined,
  bias: Operand | undefined,
  { directions, steps, batch, width, hidden, gates }: Sizes,
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
    operands: [bias, undefined, from, to],
    words: [packed, ...activationWords(), steps * batch],
  });
  return to;
}

/** The functions and packed weights of each direction. */
function directionWords(
  node: Node,
  weights: Tensor | undefined,
  { stages }: Cell,
  functions: readonly RecurrentFunction[],
  program: ProgramBuilder,
): readonly number[] {
  const r = required(node.inputs[2], node);
  const [directions = 1, rows = 0, hidden = 1] = shapeOf(r);
  const each = functions.length / directions;
  return Array.from({ length: directions }, (_, d) => {
    const own = functions.slice(d * each, (d + 1) * each);
    let first = d * rows;
    const packed = stages.map((gates) => {
      const [begin, count] = [first, gates * hidden];
      first += count;
      return program.packed(r, `recurrent ${begin} ${count}`, () => {
        const part = floatsOf(weights, r).subarray(begin * hidden, (begin + count) * hidden);
        return program.binding.packFloatMatrix(part, false, hidden, count, 1, hidden, false);
      });
    });
    return [
      ...own.flatMap(({ name, alpha, beta }) => [FUNCTIONS.indexOf(name), floatWord(alpha), floatWord(beta)]),
      ...packed,
    ];
  }).flat();
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
