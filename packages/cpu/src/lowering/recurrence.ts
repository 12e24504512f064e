import {
  type ActivationAttributes,
  type Node,
  RECURRENT_FUNCTIONS,
  type RecurrentFunction,
  recurrentFault,
  recurrentFunctions,
  type Value,
} from '@octavo/core/ir';
import type { Tensor } from '@octavo/core/tensor';
import { floatWord, type Operand } from './operand.js';
import { floatsOf } from './ops/float-conv2d.js';
import type { ProgramBuilder } from './program-builder.js';
import { dtypeOf, required, shapeOf } from './static-value.js';

/** A kind of cell, as `native/src/recurrent/recurrence.cc` has it. */
export interface Cell {
  /** Its number in `recurrent_cells()`. */
  readonly code: number;
  readonly functions: readonly string[];
  /** Gates that each product with the states gives, one after the other. */
  readonly stages: readonly number[];
  readonly hasCellState: boolean;
}

export const LSTM_CELL: Cell = {
  code: 1,
  functions: ['sigmoid', 'tanh', 'tanh'],
  stages: [4],
  hasCellState: true,
};

/** In the order of `native/src/recurrent/functions.inc`. */
const FUNCTIONS: readonly string[] = RECURRENT_FUNCTIONS;

/** The attributes that recurrent ops share; without a layout the steps come before the batch. */
export interface RecurrentAttributes extends ActivationAttributes {
  readonly clip: number | undefined;
  readonly direction: 'forward' | 'reverse' | 'bidirectional';
  readonly layout?: number;
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

/** Why no kernel goes through the sequences of a node, whatever its weights are; undefined when one does. */
export function declineRecurrence(
  node: Node,
  cell: Cell,
  attributes: RecurrentAttributes,
): string | undefined {
  const [, w, r, b, lengths] = node.inputs;
  if (!w?.constant || !r?.constant || (b && !b.constant)) return 'its weights are not constant';
  const fault = recurrentFault(node);
  if (fault !== undefined) return fault;
  if (lengths && dtypeOf(lengths) !== 'int32') return `no kernel for ${dtypeOf(lengths)} sequence lengths`;
  const functions = functionsOf(cell, attributes);
  const unknown = functions.find(({ name }) => !FUNCTIONS.includes(name));
  if (unknown) return `no kernel for the activation ${unknown.name}`;
  const [directions = 1] = shapeOf(w);
  if (functions.length < directions * cell.functions.length) return 'it lists too few activations';
  return Number.isNaN(attributes.clip) || (attributes.clip ?? 0) < 0 ? 'its clip is no limit' : undefined;
}

/** The sizes of a recurrent node. */
export interface RecurrentSizes {
  readonly directions: number;
  readonly steps: number;
  readonly batch: number;
  readonly width: number;
  readonly hidden: number;
  readonly gates: number;
}

/** @param hidden The size of a state. */
export function recurrentSizes(
  node: Node,
  hidden: number,
  cell: Cell,
  layout: number | undefined,
): RecurrentSizes {
  const [first = 1, second = 1, width = 1] = shapeOf(required(node.inputs[0], node));
  const [directions = 1] = shapeOf(required(node.inputs[2], node));
  const [steps, batch] = layout ? [second, first] : [first, second];
  const gates = cell.stages.reduce((sum, count) => sum + count, 0);
  return { directions, steps, batch, width, hidden, gates };
}

/** The biases of the input's product and of the states' products, one number a direction and gate. */
export function recurrentBiases(
  tensor: Tensor | undefined,
  value: Value | undefined,
  { directions, hidden, gates }: RecurrentSizes,
): readonly [Float32Array | undefined, Float32Array | undefined] {
  if (!value) return [undefined, undefined];
  const data = floatsOf(tensor, value);
  const rows = gates * hidden;
  const half = (which: 0 | 1): Float32Array => {
    const all = new Float32Array(directions * rows);
    for (let d = 0; d < directions; d++)
      all.set(data.subarray((2 * d + which) * rows, (2 * d + which + 1) * rows), d * rows);
    return all;
  };
  return [half(0), half(1)];
}

/** What goes from step to step. */
export interface RecurrenceParts {
  readonly cell: Cell;
  readonly sizes: RecurrentSizes;
  readonly attributes: RecurrentAttributes;
  /** The product of the input of all steps with the weights of all gates and directions. */
  readonly gates: Operand;
  /** Of the products of states. */
  readonly bias: Float32Array | undefined;
  /** Packed weights of a stage of direction `d`. */
  weights(d: number, stage: number): number;
  /** What the op `dynamic_recurrence` has more; absent for `recurrence`. */
  readonly dynamic?: readonly Operand[];
  readonly kernel: string;
}

/** Emits the native op that goes from step to step, and gives the node's outputs. */
export function emitRecurrence(program: ProgramBuilder, node: Node, parts: RecurrenceParts): void {
  const { cell, sizes, bias, dynamic } = parts;
  const { directions, batch, hidden, gates } = sizes;
  const floats = 4 * directions * batch * hidden;
  const read = (index: number): Operand | undefined => {
    const value = node.inputs[index];
    return value && program.operand(value);
  };
  const write = (index: number): Operand | undefined => {
    const value = node.outputs[index];
    return value && program.output(value);
  };
  const isLstm = cell.hasCellState;
  const reads = [read(4), read(5), isLstm ? read(6) : undefined, isLstm ? read(7) : undefined];
  const kept = cell.stages.length > 1 ? program.scratch(floats) : undefined;
  const c = isLstm ? (write(2) ?? program.scratch(floats)) : undefined;
  const sums = program.scratch(floats * gates);
  program.emit(
    {
      name: dynamic ? 'dynamic_recurrence' : 'recurrence',
      operands: [
        ...(dynamic ?? []),
        parts.gates,
        bias && program.constant(bias),
        ...reads,
        sums,
        kept,
        write(0),
        write(1) ?? program.scratch(floats),
        c,
      ],
      words: [...layerWords(parts), ...directionWords(parts)],
    },
    parts.kernel,
  );
}

/** What all directions have in common. */
function layerWords({ cell, sizes, attributes }: RecurrenceParts): number[] {
  return [
    cell.code,
    ...[sizes.directions, sizes.steps, sizes.batch, sizes.hidden],
    attributes.direction === 'reverse' ? 1 : 0,
    attributes.layout ? 1 : 0,
    attributes.input_forget ? 1 : 0,
    floatWord(attributes.clip ?? Number.POSITIVE_INFINITY),
  ];
}

/** The functions and packed weights of each direction. */
function directionWords({ cell, sizes: { directions }, attributes, weights }: RecurrenceParts): number[] {
  const functions = functionsOf(cell, attributes);
  const each = functions.length / directions;
  return Array.from({ length: directions }, (_, d) => [
    ...functions
      .slice(d * each, (d + 1) * each)
      .flatMap(({ name, alpha, beta }) => [FUNCTIONS.indexOf(name), floatWord(alpha), floatWord(beta)]),
    ...cell.stages.map((_, stage) => weights(d, stage)),
  ]).flat();
}
