import { type Dims, dimsToString, disagree, knownDim } from '../dims.js';
import type { Dim } from '../value.js';

/** What is known of an operand. */
interface Operand {
  readonly name: string;
  readonly shape: Dims;
}

type OperandsBySlot = Readonly<Record<string, Operand | undefined>>;

/** What the attributes and the kind of a recurrent op say about the shapes of its operands. */
export interface RecurrentLayer {
  /** Products with the states in each step. */
  readonly gates: number;
  readonly direction: 'forward' | 'reverse' | 'bidirectional';
  readonly hidden_size?: number | undefined;
  /** 1: the batch comes first, else the steps do. */
  readonly layout?: number;
  /** W is `[D, I, gates * H]` and R `[D, H, gates * H]`, else their last two axes are exchanged. */
  readonly transposed?: boolean;
}

function expectedShapes(
  operands: OperandsBySlot,
  { gates, direction, hidden_size, layout, transposed }: RecurrentLayer,
): Readonly<Record<string, readonly Dim[]>> {
  const [first = null, second = null, width = null] = operands['X']?.shape ?? [];
  const directions = direction === 'bidirectional' ? 2 : 1;
  const states = operands['R']?.shape?.[transposed ? 1 : 2];
  const hidden = hidden_size ?? states ?? null;
  const times = (count: number): Dim => (knownDim(hidden) ? count * hidden : null);
  const matrix = (depth: Dim): readonly Dim[] =>
    transposed ? [directions, depth, times(gates)] : [directions, times(gates), depth];
  const batch = layout ? first : second;
  const state = layout ? [batch, directions, hidden] : [directions, batch, hidden];
  return {
    X: [first, second, width],
    W: matrix(width),
    R: matrix(hidden),
    B: [directions, times(2 * gates)],
    sequence_lens: [batch],
    initial_h: state,
    initial_c: state,
    P: [directions, times(3)],
  };
}

function fits(found: readonly Dim[], expected: readonly Dim[]): boolean {
  return found.length === expected.length && !found.some((dim, axis) => disagree(dim, expected[axis]));
}

/**
 * What is wrong with the shapes of a recurrent op's operands: which one, what its shape must be and what it is. Undefined
 * where all that is known fits.
 */
export function faultOfOperands(operands: OperandsBySlot, layer: RecurrentLayer): string | undefined {
  for (const [slot, expected] of Object.entries(expectedShapes(operands, layer))) {
    const operand = operands[slot];
    if (!operand?.shape || fits(operand.shape, expected)) continue;
    const [wanted, found] = [dimsToString(expected), dimsToString(operand.shape)];
    return `${slot} (${operand.name}) must be ${wanted}, found ${found}.`;
  }
  return undefined;
}
