import { type Graph, MatMul, Mul, type Value } from '@octavo/core/ir';
import { elementCount } from '@octavo/core/tensor';
import { reshaped } from './reshaped.js';
import { type Sizes, sizesOf } from './sizes.js';
import type { Term } from './term.js';
import { transposed } from './transposed.js';

/**
 * The product of two terms with the axes of `output`, summed over those that both have and it has not. Each term has no label
 * twice and none that is neither in the other nor in the output.
 */
export function contract(
  graph: Graph,
  terms: readonly [Term, Term],
  output: readonly string[],
  sizes: Sizes,
): Value | undefined {
  const isSummed = terms[0].labels.some((label) => !output.includes(label));
  return isSummed
    ? matrixProduct(graph, terms, output, sizes)
    : elementwiseProduct(graph, terms, output, sizes);
}

/** A value as matrices: a batch of them where there are labels of both terms and the result. */
function asMatrices(graph: Graph, term: Term, groups: readonly (readonly string[])[], sizes: Sizes): Value {
  const turned = transposed(graph, term, groups.flat());
  const isPlain = groups.every(({ length }) => length === 1);
  if (isPlain) return turned;
  return reshaped(
    graph,
    turned,
    groups.map((labels) => elementCount(sizesOf(labels, sizes))),
  );
}

function matrixProduct(
  graph: Graph,
  [a, b]: readonly [Term, Term],
  output: readonly string[],
  sizes: Sizes,
): Value | undefined {
  const isInA = (label: string) => a.labels.includes(label);
  const isInB = (label: string) => b.labels.includes(label);
  const batch = output.filter((label) => isInA(label) && isInB(label));
  const rows = output.filter((label) => !isInB(label));
  const columns = output.filter((label) => !isInA(label));
  const inner = a.labels.filter((label) => !output.includes(label));
  const leading = batch.length > 0 ? [batch] : [];
  const A = asMatrices(graph, a, [...leading, rows, inner], sizes);
  const B = asMatrices(graph, b, [...leading, inner, columns], sizes);
  const found = graph.emit(MatMul, { A, B }).output;
  if (!found) return undefined;
  const labels = [...batch, ...rows, ...columns];
  const isPlain = [...leading, rows, columns].every(({ length }) => length === 1);
  const value = isPlain ? found : reshaped(graph, found, sizesOf(labels, sizes));
  return transposed(graph, { value, labels }, output);
}

/** A value with the axes of the result, in its order, and 1 for those that it has not. */
function spread(graph: Graph, term: Term, output: readonly string[], sizes: Sizes): Value {
  const own = output.filter((label) => term.labels.includes(label));
  const turned = transposed(graph, term, own);
  const [first] = own;
  const behind = first === undefined ? [] : output.slice(output.indexOf(first));
  if (behind.length === own.length) return turned;
  return reshaped(
    graph,
    turned,
    behind.map((label) => (own.includes(label) ? (sizes.get(label) ?? 1) : 1)),
  );
}

function elementwiseProduct(
  graph: Graph,
  [a, b]: readonly [Term, Term],
  output: readonly string[],
  sizes: Sizes,
): Value | undefined {
  const [A, B] = [spread(graph, a, output, sizes), spread(graph, b, output, sizes)];
  return graph.emit(Mul, { A, B }).output;
}
