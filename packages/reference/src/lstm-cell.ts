import type { RealFunction } from '@octavo/core/ir';
import type { FloatArray } from './floats.js';
import type { Cell, State } from './recurrence.js';
import { activationAt } from './recurrent-activations.js';

/** The activations of an LSTM's gates, of its cell input and of its output. */
interface LstmFunctions {
  readonly f: RealFunction;
  readonly g: RealFunction;
  readonly h: RealFunction;
}

/** The activations of direction `d` in the list of a node. */
export function lstmFunctions(activations: readonly RealFunction[], d: number): LstmFunctions {
  const at = (index: number) => activationAt(activations, 3 * d + index);
  return { f: at(0), g: at(1), h: at(2) };
}

/** `W x + R h + b_w + b_r` of one row of the gates i, o, f and c, for the input at `offset` of `x`. */
export type GateSums = (row: number, x: FloatArray, offset: number, state: State) => number;

/** What an LSTM does beside its products. With `coupled` the forget gate is `1 - i`. */
export interface LstmSpec {
  readonly hidden: number;
  /** Of the gates i, o and f. */
  readonly peepholes: FloatArray;
  readonly functions: LstmFunctions;
  readonly coupled: boolean;
}

export function lstmCell(sums: GateSums, { hidden, peepholes, functions, coupled }: LstmSpec): Cell {
  return (x, offset, state) => {
    const { h, c } = state;
    const gate = (index: number, i: number) => sums(index * hidden + i, x, offset, state);
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
