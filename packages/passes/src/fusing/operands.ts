import { type Node, type Op, storedConstant, type Value } from '@octavo/core/ir';
import { toNumbers } from '@octavo/core/tensor';

/** The node of one of these ops that computes a value. */
export function producedBy(value: Value | undefined, ...ops: readonly Op[]): Node | undefined {
  const node = value?.producer;
  if (!node) return undefined;
  const { key } = node.op;
  for (const op of ops) if (op.key === key && node.output === value) return node;
  return undefined;
}

/** The number that a constant of one element holds. */
export function scalarOf(value: Value | undefined): number | undefined {
  const constant = storedConstant(value);
  if (constant?.size !== 1 || constant.dtype === 'string' || value?.quantized) return undefined;
  const tensor = constant.peek();
  return tensor && toNumbers(tensor)[0];
}

/** Relative difference that float32 constants of exporters stay within. */
const CONSTANT_TOLERANCE = 1e-4;

/** Whether a number is what a formula demands, up to an exporter's rounding. */
export function isAbout(found: number | undefined, expected: number): boolean {
  return found !== undefined && Math.abs(found - expected) <= CONSTANT_TOLERANCE * Math.abs(expected);
}

/** The operands of a commutative node, so that the first passes a test; undefined when neither does. */
export function ordered<T>(
  node: Node | undefined,
  test: (value: Value) => T | undefined,
): { readonly found: T; readonly other: Value } | undefined {
  const a = node?.inputs[0];
  const b = node?.inputs[1];
  if (!a || !b) return undefined;
  const first = test(a);
  if (first !== undefined) return { found: first, other: b };
  const second = test(b);
  return second === undefined ? undefined : { found: second, other: a };
}
