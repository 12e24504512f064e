import type { Operands } from '@octavo/backend';
import { type Node, recurrentFault } from '@octavo/core/ir';
import { type Tensor, toNumbers } from '@octavo/core/tensor';
import { type FloatArray, floats, floatTensor } from './floats.js';
import { refuse } from './integer-operands.js';
import { operand } from './operand.js';

/** Hidden state, and the cell state that only LSTM has. */
export interface State {
  readonly h: Float64Array;
  readonly c: Float64Array;
}

/** Advances the state by one input vector, which starts at `offset` of `x`. */
export type Cell = (x: FloatArray, offset: number, state: State) => void;

/** What all recurrent ops share: the sizes, the order of time, and the initial states. */
export interface Recurrence {
  readonly x: Tensor;
  readonly directions: number;
  readonly hidden: number;
  readonly layout: number;
  readonly direction: 'forward' | 'reverse' | 'bidirectional';
  readonly initialH: Tensor | undefined;
  readonly initialC: Tensor | undefined;
  /** Called in each step of direction `d`, before cells run, with the states of the sequences that the last one changed. */
  readonly beforeStep?: (d: number, states: readonly State[]) => void;
}

/** Throws KernelError `KERNEL_OPERAND` when an operand has another shape than the others and the attributes ask for. */
export function checkRecurrentOperands(node: Node, inputs: Operands): void {
  const fault = recurrentFault(
    node,
    inputs.map((tensor) => tensor?.shape),
  );
  if (fault !== undefined) refuse(fault);
}

/** Runs one cell for each direction. Returns Y, Y_h and Y_c; sequences that end early leave zeros in Y. */
export function runRecurrence(
  recurrence: Recurrence,
  sequenceLengths: Tensor | undefined,
  cells: readonly Cell[],
): Tensor[] {
  const { x, directions, hidden, layout } = recurrence;
  const [first = 1, second = 1, width = 1] = x.shape;
  const [steps, batch] = layout === 0 ? [first, second] : [second, first];
  const values = floats(x);
  const lengths = sequenceLengths ? toNumbers(sequenceLengths) : new Int32Array(batch).fill(steps);
  const y = new Float64Array(steps * directions * batch * hidden);
  const last = {
    h: new Float64Array(directions * batch * hidden),
    c: new Float64Array(directions * batch * hidden),
  };
  cells.forEach((cell, d) => {
    const backwards = recurrence.direction === 'reverse' || d === 1;
    const sequences = Array.from({ length: batch }, (_, b) => {
      const slot = layout === 0 ? d * batch + b : b * directions + d;
      return {
        b,
        slot,
        length: Math.max(0, Math.min(lengths[b] ?? steps, steps)),
        state: initialState(recurrence, slot),
      };
    });
    for (let t = 0; t < steps; t++) {
      const changed = sequences.filter(({ length }) => t <= length);
      recurrence.beforeStep?.(
        d,
        changed.map(({ state }) => state),
      );
      for (const { b, length, state } of changed.filter((each) => t < each.length)) {
        const step = backwards ? length - 1 - t : t;
        cell(values, (layout === 0 ? step * batch + b : b * steps + step) * width, state);
        const row = layout === 0 ? (step * directions + d) * batch + b : (b * steps + step) * directions + d;
        y.set(state.h, row * hidden);
      }
    }
    for (const { slot, state } of sequences) {
      last.h.set(state.h, slot * hidden);
      last.c.set(state.c, slot * hidden);
    }
  });
  const states = layout === 0 ? [directions, batch, hidden] : [batch, directions, hidden];
  const sequence = layout === 0 ? [steps, directions, batch, hidden] : [batch, steps, directions, hidden];
  return [
    floatTensor(x.dtype, sequence, y),
    floatTensor(x.dtype, states, last.h),
    floatTensor(x.dtype, states, last.c),
  ];
}

function initialState({ hidden, initialH, initialC }: Recurrence, slot: number): State {
  const part = (tensor: Tensor | undefined) =>
    tensor
      ? Float64Array.from(floats(tensor).subarray(slot * hidden, (slot + 1) * hidden))
      : new Float64Array(hidden);
  return { h: part(initialH), c: part(initialC) };
}

/** The weights of one direction: W `[gates * H, I]`, R `[gates * H, H]` and the two biases `[gates * H]`. */
export interface CellWeights {
  readonly w: FloatArray;
  readonly r: FloatArray;
  readonly wBias: FloatArray;
  readonly rBias: FloatArray;
  readonly width: number;
  readonly hidden: number;
}

/** Slices the inputs W (1), R (2) and B (3) of a recurrent op for direction `d`. */
export function cellWeights(inputs: Operands, d: number, gates: number): CellWeights {
  const [w, r, b] = [operand(inputs, 1), operand(inputs, 2), inputs[3]];
  const [width = 1, hidden = 1] = [w.shape[2], r.shape[2]];
  const rows = gates * hidden;
  const bias = b ? floats(b).subarray(d * 2 * rows, (d + 1) * 2 * rows) : new Float32Array(2 * rows);
  return {
    w: floats(w).subarray(d * rows * width, (d + 1) * rows * width),
    r: floats(r).subarray(d * rows * hidden, (d + 1) * rows * hidden),
    wBias: bias.subarray(0, rows),
    rBias: bias.subarray(rows),
    width,
    hidden,
  };
}

/** Row `row` of a matrix with `length` columns times the vector at `offset`. */
export function dotRow(
  matrix: FloatArray,
  row: number,
  length: number,
  vector: FloatArray,
  offset: number,
): number {
  let sum = 0;
  const start = row * length;
  for (let i = 0; i < length; i++) sum += (matrix[start + i] ?? 0) * (vector[offset + i] ?? 0);
  return sum;
}
