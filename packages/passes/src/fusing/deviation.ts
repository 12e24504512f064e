import {
  Add,
  Div,
  Mul,
  type Node,
  Pow,
  Reciprocal,
  ReduceMean,
  ReduceMean1,
  Sqrt,
  Sub,
  storedConstant,
  type Value,
} from '@octavo/core/ir';
import { toNumbers } from '@octavo/core/tensor';
import { ordered, producedBy, scalarOf } from './operands.js';

/** `1 / sqrt(mean(of^2) + epsilon)` over the last axis. */
export interface InverseDeviation {
  readonly of: Value;
  readonly epsilon: number;
  readonly nodes: readonly Node[];
}

/** Reads a value as the inverse of a root mean square. */
export function inverseDeviation(value: Value | undefined): InverseDeviation | undefined {
  const node = producedBy(value, Reciprocal, Div, Pow);
  if (!node) return undefined;
  const { inputs } = node;
  if (Reciprocal.is(node)) return extended(deviation(inputs[0]), node);
  if (Div.is(node)) return scalarOf(inputs[0]) === 1 ? extended(deviation(inputs[1]), node) : undefined;
  return scalarOf(inputs[1]) === -0.5 ? extended(shiftedMeanSquare(inputs[0]), node) : undefined;
}

/** Reads a value as a root mean square, `sqrt(mean(of^2) + epsilon)`. */
export function deviation(value: Value | undefined): InverseDeviation | undefined {
  const node = producedBy(value, Sqrt, Pow);
  if (!node) return undefined;
  const { inputs } = node;
  const isRoot = Sqrt.is(node) || scalarOf(inputs[1]) === 0.5;
  return isRoot ? extended(shiftedMeanSquare(inputs[0]), node) : undefined;
}

function extended(inner: InverseDeviation | undefined, node: Node): InverseDeviation | undefined {
  return inner && { ...inner, nodes: [...inner.nodes, node] };
}

function shiftedMeanSquare(value: Value | undefined): InverseDeviation | undefined {
  const add = producedBy(value, Add);
  const sum = ordered(add, scalarOf);
  const mean = sum && lastAxisMean(sum.other);
  const square = mean && squareOf(mean.of);
  if (!add || !sum || !mean || !square) return undefined;
  return { of: square.of, epsilon: sum.found, nodes: [square.node, mean.node, add] };
}

/** A mean over the last axis, which stays as 1. */
export function lastAxisMean(value: Value | undefined): { of: Value; node: Node } | undefined {
  const node = producedBy(value, ReduceMean, ReduceMean1);
  const of = node?.inputs[0];
  const rank = of?.shape?.length;
  if (!node || !of || rank === undefined) return undefined;
  const keeps = (ReduceMean1.is(node) ? ReduceMean1.attributes(node) : ReduceMean.attributes(node)).keepdims;
  const axes = ReduceMean1.is(node)
    ? ReduceMean1.attributes(node).axes
    : numbersIn(ReduceMean.inputs(node).axes);
  const [axis] = axes ?? [];
  const isLast = axes?.length === 1 && (axis === -1 || axis === rank - 1);
  return keeps !== 0 && isLast ? { of, node } : undefined;
}

function numbersIn(value: Value | undefined): readonly number[] | undefined {
  const tensor = storedConstant(value)?.peek();
  return tensor && Array.from(toNumbers(tensor));
}

function squareOf(value: Value): { of: Value; node: Node } | undefined {
  const node = producedBy(value, Mul, Pow);
  const of = node?.inputs[0];
  if (!node || !of) return undefined;
  const factor = node.inputs[1];
  const isSquare = Mul.is(node) ? factor === of : scalarOf(factor) === 2;
  return isSquare ? { of, node } : undefined;
}

/** `x - mean(x)` over the last axis. */
export function centered(
  value: Value | undefined,
): { x: Value; mean: Value; nodes: readonly Node[] } | undefined {
  const sub = producedBy(value, Sub);
  const [x, subtrahend] = sub?.inputs ?? [];
  const mean = lastAxisMean(subtrahend);
  return sub && x && subtrahend && mean?.of === x
    ? { x, mean: subtrahend, nodes: [mean.node, sub] }
    : undefined;
}
