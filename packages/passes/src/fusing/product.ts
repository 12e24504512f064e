import { Div, Mul, type Node, type Value } from '@octavo/core/ir';
import { producedBy, scalarOf } from './operands.js';

/** A value as a number times other values. */
export interface Product {
  readonly scale: number;
  readonly factors: readonly Value[];
  /** The nodes that multiply, the last one last. */
  readonly nodes: readonly Node[];
}

/** Takes a value apart at the Mul nodes, and Div nodes by a constant, that nothing else reads. */
export function productOf(value: Value): Product {
  return takeApart(value, true);
}

function takeApart(value: Value, isRoot: boolean): Product {
  const node = producedBy(value, Mul, Div);
  if (!node) return atom(value);
  const [a, b] = node.inputs;
  const alone: Product = { scale: 1, factors: [value], nodes: [] };
  if (!a || !b || (!isRoot && value.users.length !== 1)) return alone;
  if (Mul.is(node)) {
    const left = takeApart(a, false);
    const right = takeApart(b, false);
    return {
      scale: left.scale * right.scale,
      factors: [...left.factors, ...right.factors],
      nodes: [...left.nodes, ...right.nodes, node],
    };
  }
  const divisor = scalarOf(b);
  if (divisor === undefined) return alone;
  const dividend = takeApart(a, false);
  return { ...dividend, scale: dividend.scale / divisor, nodes: [...dividend.nodes, node] };
}

/** What is no product: a number, or any value. */
function atom(value: Value): Product {
  const scale = scalarOf(value);
  return scale === undefined ? { scale: 1, factors: [value], nodes: [] } : { scale, factors: [], nodes: [] };
}
