import { supportUnless } from '@octavo/backend';
import { DynamicQuantizeLSTM, type Node, type Value } from '@octavo/core/ir';
import { elementCount, toNumbers } from '@octavo/core/tensor';
import type { ByteArray } from '../../binding.js';
import { declineFloats } from '../float-values.js';
import { defineLowering, type LoweredNode, type Lowering } from '../lowering.js';
import { nativeType } from '../native-type.js';
import type { Operand } from '../operand.js';
import { integersOf, isBytes, zeroPointsOf } from '../product-types.js';
import type { ProgramBuilder } from '../program-builder.js';
import {
  declineRecurrence,
  emitRecurrence,
  LSTM_CELL,
  type RecurrentSizes,
  recurrentBiases,
  recurrentSizes,
} from '../recurrence.js';
import { required, shapeOf } from '../static-value.js';
import { bytesOf } from '../weight-bytes.js';

const FLOAT = Float32Array.BYTES_PER_ELEMENT;

function decline(node: Node): string | undefined {
  const { X, W, R, B, initial_h: h, initial_c: c, P } = DynamicQuantizeLSTM.inputs(node);
  const { W_scale, W_zero_point, R_scale, R_zero_point } = DynamicQuantizeLSTM.inputs(node);
  const problem =
    declineFloats([X, B, h, c, P, W_scale, R_scale, ...node.outputs]) ??
    declineRecurrence(node, LSTM_CELL, DynamicQuantizeLSTM.attributes(node));
  if (problem !== undefined) return problem;
  if (!isBytes(W) || !isBytes(R)) return `no kernel for weights of ${W.dtype} and ${R.dtype}`;
  const [directions = 1, , columns = 1] = shapeOf(W);
  const fits = ({ constant }: Value) =>
    constant?.size === directions || constant?.size === directions * columns;
  return [W_scale, W_zero_point, R_scale, R_zero_point].every(fits)
    ? undefined
    : 'its weights are not quantized by direction or by column';
}

/** One number for each column of each direction. */
function byColumn(numbers: ArrayLike<number>, directions: number, columns: number): number[] {
  const each = numbers.length / directions;
  return Array.from({ length: directions * columns }, (_, i) => {
    const [d, column] = [Math.floor(i / columns), i % columns];
    return numbers[d * each + (each === 1 ? 0 : column)] ?? 0;
  });
}

/** Quantized weights of a node: at which input they are, and at which their scales and then zero points. */
interface WeightInputs {
  readonly index: number;
  readonly scales: number;
}

const INPUT_WEIGHTS: WeightInputs = { index: 1, scales: 8 };
const STATE_WEIGHTS: WeightInputs = { index: 2, scales: 10 };

function scalesOf({ constants }: LoweredNode, { scales }: WeightInputs, sizes: RecurrentSizes): Float32Array {
  const tensor = constants[scales];
  return Float32Array.from(
    byColumn(tensor ? toNumbers(tensor) : [], sizes.directions, sizes.gates * sizes.hidden),
  );
}

/** The columns of one direction, or those of all side by side, packed. */
function packedColumns(
  { node, constants }: LoweredNode,
  { index, scales }: WeightInputs,
  { directions, gates, hidden }: RecurrentSizes,
  d: number | 'all',
  program: ProgramBuilder,
): number {
  const weights = required(node.inputs[index], node);
  const columns = gates * hidden;
  const depth = shapeOf(weights)[1] ?? 1;
  const zeroPoints = Int32Array.from(byColumn(integersOf(constants[scales + 1]), directions, columns));
  const [first, count] = d === 'all' ? [0, directions] : [d, 1];
  const points = zeroPointsOf({
    zeroPoints: zeroPoints.subarray(first * columns, (first + count) * columns),
  });
  return program.packed(weights, `dynamic LSTM ${d} ${points ?? ''}`, () => {
    const bytes = bytesOf(constants[index]);
    const n = count * columns;
    const part = count === 1 ? bytes.subarray(first * depth * columns) : sideBySide(bytes, depth, columns);
    return program.binding.packMatrix(part, depth, n, n, 1, points);
  });
}

/** Two matrices of `[depth, columns]` as one of `[depth, 2 * columns]`. */
function sideBySide(matrices: ByteArray, depth: number, columns: number): ByteArray {
  const joined = matrices.slice();
  for (let k = 0; k < depth; k++) {
    for (const d of [0, 1]) {
      const from = (d * depth + k) * columns;
      joined.set(matrices.subarray(from, from + columns), (2 * k + d) * columns);
    }
  }
  return joined;
}

/** The input of all steps in integers of one range: these, their scale and their zero point. */
function emitQuantizedInput(
  node: Node,
  { steps, batch }: RecurrentSizes,
  program: ProgramBuilder,
): { readonly integers: Operand; readonly scale: Operand; readonly zeroPoint: Operand } {
  const { X, sequence_lens: lengths } = DynamicQuantizeLSTM.inputs(node);
  const count = elementCount(shapeOf(X));
  const integers = program.scratch(count);
  const scale = program.scratch(FLOAT);
  const zeroPoint = program.scratch(1);
  const isShortened = lengths !== undefined && steps > 0;
  program.emit({
    name: 'dynamic_quantize',
    operands: [
      program.operand(X),
      integers,
      scale,
      zeroPoint,
      isShortened ? program.operand(lengths) : undefined,
    ],
    words: isShortened ? [count, batch, steps] : [count, 0, 1],
  });
  return { integers, scale, zeroPoint };
}

/** What the input of all steps gives the gates of all directions. */
function emitInputProduct(
  lowered: LoweredNode,
  bias: Float32Array | undefined,
  sizes: RecurrentSizes,
  program: ProgramBuilder,
): Operand {
  const { integers, scale, zeroPoint } = emitQuantizedInput(lowered.node, sizes, program);
  const { directions, steps, batch, hidden, gates } = sizes;
  const columns = directions * gates * hidden;
  const to = program.scratch(FLOAT * steps * batch * columns);
  program.emit({
    name: 'dynamic_matmul',
    operands: [
      program.constant(scalesOf(lowered, INPUT_WEIGHTS, sizes)),
      bias && program.constant(bias),
      scale,
      zeroPoint,
      program.scratch(FLOAT * columns),
      integers,
      to,
    ],
    words: [
      packedColumns(lowered, INPUT_WEIGHTS, sizes, directions === 1 ? 0 : 'all', program),
      nativeType('uint8'),
      steps * batch,
    ],
  });
  return to;
}

const dynamicQuantizeLstm = defineLowering(DynamicQuantizeLSTM, {
  supports: (node) => supportUnless(decline(node)),
  lower: (lowered, program) => {
    const { node, constants, attributes } = lowered;
    const [, hidden = 1] = shapeOf(required(node.inputs[2], node));
    const sizes = recurrentSizes(node, hidden, LSTM_CELL, 0);
    const states = sizes.directions * sizes.batch * hidden;
    const [wBias, rBias] = recurrentBiases(constants[3], node.inputs[3], sizes);
    emitRecurrence(program, node, {
      cell: LSTM_CELL,
      sizes,
      attributes,
      gates: emitInputProduct(lowered, wBias, sizes, program),
      bias: rBias,
      weights: (d) => packedColumns(lowered, STATE_WEIGHTS, sizes, d, program),
      dynamic: [
        program.constant(scalesOf(lowered, STATE_WEIGHTS, sizes)),
        program.scratch(FLOAT * states),
        program.scratch(states),
        program.scratch(FLOAT * sizes.directions * sizes.batch),
      ],
      kernel: `recurrence ${program.isa.gemmKernel}`,
    });
  },
});

/** LSTM with weights of 8 bits whose input and states are quantized while it runs. */
export const dynamicLstmLowerings: readonly Lowering[] = [dynamicQuantizeLstm];
