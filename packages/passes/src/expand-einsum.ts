import {
  defineRule,
  Einsum,
  type Graph,
  Identity,
  knownShape,
  match,
  type Node,
  type Pass,
  parseEinsum,
  ReduceSum,
  ReduceSum1,
  rulePass,
  supersede,
  type Value,
} from '@octavo/core/ir';
import { elementCount, int64, StoredTensor } from '@octavo/core/tensor';
import { contract } from './einsum/contract.js';
import { type Sizes, sizesOf } from './einsum/sizes.js';
import type { Term } from './einsum/term.js';
import { transposed } from './einsum/transposed.js';

/** What an Einsum computes: the sum over all labels that the output lacks of the product of its terms. */
interface Equation {
  readonly terms: readonly Term[];
  readonly output: readonly string[];
  readonly sizes: Sizes;
}

/** What a node computes, or why it stays. */
function equationOf(node: Node): Equation | string {
  const values = node.inputs.filter((value) => value !== undefined);
  if (values.some(({ dtype }) => dtype !== 'float32')) return 'it is not computed in float32';
  const shapes = values.map(({ shape }) => knownShape(shape));
  const ranks = shapes.map((shape) => shape?.length ?? 0);
  if (shapes.includes(undefined)) return 'the shapes of its operands are not known';
  const { inputs, output } = parseEinsum(Einsum.attributes(node).equation, ranks);
  if (inputs.some((labels) => new Set(labels).size < labels.length)) return 'it takes a diagonal';
  const sizes = new Map<string, number>();
  for (const [operand, labels] of inputs.entries())
    for (const [axis, label] of labels.entries()) {
      const size = shapes[operand]?.[axis] ?? 0;
      if ((sizes.get(label) ?? size) !== size) return `its axis ${label} is repeated`;
      sizes.set(label, size);
    }
  // Reshape takes a size of 0 for that of the axis it had.
  if ([...sizes.values()].includes(0)) return 'an axis of it has no elements';
  const terms = values.map((value, index) => ({ value, labels: inputs[index] ?? [] }));
  const equation = { terms, output, sizes };
  return hasLargeSteps(equation) ? 'a product on the way is larger than what it takes and gives' : equation;
}

/** Labels of a product of terms that the output or another term has. */
function keptOf(terms: readonly Term[], others: readonly Term[], output: readonly string[]): string[] {
  const needed = new Set([...output, ...others.flatMap(({ labels }) => labels)]);
  return [...new Set(terms.flatMap(({ labels }) => labels))].filter((label) => needed.has(label));
}

function hasLargeSteps({ terms, output, sizes }: Equation): boolean {
  const count = (labels: readonly string[]) => elementCount(sizesOf(labels, sizes));
  const largest = Math.max(count(output), ...terms.map(({ labels }) => count(labels)));
  return terms
    .slice(2)
    .some((_, i) => count(keptOf(terms.slice(0, i + 2), terms.slice(i + 2), output)) > largest);
}

/** A term summed over the axes that it alone has. */
function summed(graph: Graph, term: Term, others: readonly Term[], output: readonly string[]): Term {
  const labels = keptOf([term], others, output);
  if (labels.length === term.labels.length) return term;
  const axes = [...term.labels.keys()].filter((axis) => !labels.includes(term.labels[axis] ?? ''));
  const data = term.value;
  const node =
    graph.opset < ReduceSum.since
      ? graph.emit(ReduceSum1, { data }, { axes, keepdims: 0 })
      : graph.emit(
          ReduceSum,
          { data, axes: graph.addInitializer('axes', StoredTensor.of(int64(axes))) },
          { keepdims: 0 },
        );
  return { value: node.output ?? data, labels };
}

/** Sums each operand over its own axes, then multiplies one after the other. */
function expand(graph: Graph, { terms, output, sizes }: Equation): Value | undefined {
  const others = (index: number) => terms.filter((_, i) => i !== index);
  const [first, ...rest] = terms.map((term, index) => summed(graph, term, others(index), output));
  if (!first) return undefined;
  if (rest.length === 0) {
    const value = transposed(graph, first, output);
    return value === terms[0]?.value ? graph.emit(Identity, { input: value }).output : value;
  }
  let product = first;
  for (const [index, term] of rest.entries()) {
    const behind = rest.slice(index + 1);
    const labels = behind.length === 0 ? output : keptOf([product, term], behind, output);
    const value = contract(graph, [product, term], labels, sizes);
    if (!value) return undefined;
    product = { value, labels };
  }
  return product.value;
}

const expansion = defineRule({
  name: 'expand-einsum',
  pattern: match.op(Einsum),
  declines: (_, __, node) => {
    const equation = equationOf(node);
    return typeof equation === 'string' ? equation : undefined;
  },
  rewrite(_, graph, node) {
    const equation = equationOf(node);
    const result = typeof equation === 'string' ? undefined : expand(graph, equation);
    if (!node.output || !result) return;
    if (result.producer) result.producer.name = node.name;
    supersede(graph, node.output, result);
  },
});

/**
 * Turns Einsum of known shapes into sums over the axes that one operand alone has, then MatMul where two share what is summed
 * over and Mul where nothing is, between transpositions and reshapes where the axes are not in order. Diagonals, repeated
 * axes, and products of several operands whose parts would be larger than all of them stay.
 */
export const expandEinsum: Pass = rulePass('expand-einsum', [expansion]);
