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
import { type DType, elementCount, int64, isHalf, StoredTensor } from '@octavo/core/tensor';
import { contract } from './einsum/contract.js';
import { distinct, distinctLabels } from './einsum/distinct.js';
import { type Sizes, sizesOf } from './einsum/sizes.js';
import type { Term } from './einsum/term.js';
import { transposed } from './einsum/transposed.js';
import { cast, widened } from './wide.js';

/** What an Einsum computes: the sum over all labels that the output lacks of the product of its terms. */
interface Equation {
  /** As the node has them: with labels that repeat, and axes of one element for any number. */
  readonly terms: readonly Term[];
  readonly output: readonly string[];
  readonly sizes: Sizes;
  readonly dtype: DType;
}

/** Elements that are multiplied by kernels as they are; sums are float32. */
const MULTIPLIED: ReadonlySet<DType> = new Set<DType>(['float32', 'int32', 'int64']);

/** What a node computes, or why it stays. */
function equationOf(node: Node): Equation | string {
  const values = node.inputs.filter((value) => value !== undefined);
  const shapes = values.map(({ shape }) => knownShape(shape));
  const [dtype] = values.map((value) => value.dtype);
  if (!dtype || values.some((value) => value.dtype !== dtype || value.quantized))
    return 'its operands are not of one type of element';
  const ranks = shapes.map((shape) => shape?.length ?? 0);
  if (shapes.includes(undefined)) return 'the shapes of its operands are not known';
  const { inputs, output } = parseEinsum(Einsum.attributes(node).equation, ranks);
  const sizes = new Map<string, number>();
  for (const [operand, labels] of inputs.entries())
    for (const [axis, label] of labels.entries()) {
      const [seen = 1, size = 1] = [sizes.get(label), shapes[operand]?.[axis]];
      if (seen !== 1 && size !== 1 && seen !== size) return `its axis ${label} is both ${seen} and ${size}`;
      sizes.set(label, seen === 1 ? size : seen);
    }
  // Reshape takes a size of 0 for that of the axis it had.
  if ([...sizes.values()].includes(0)) return 'an axis of it has no elements';
  const terms = values.map((value, index) => ({ value, labels: inputs[index] ?? [] }));
  const equation = { terms, output, sizes, dtype };
  return declineSteps(equation) ?? equation;
}

/** Why the way to a result is not worth it, or has no kernels. */
function declineSteps(equation: Equation): string | undefined {
  const { terms, dtype, sizes } = equation;
  if (isComputed(equation) && !isHalf(dtype)) {
    if (terms.length > 1 && !MULTIPLIED.has(dtype)) return `${dtype} is not multiplied by other ops`;
    if (isSummed(equation) && dtype !== 'float32') return `${dtype} is not summed by other ops`;
  }
  const plain = terms.map((term) => ({ ...term, labels: distinctLabels(term, sizes) }));
  const isLarge = hasLargeSteps({ ...equation, terms: plain });
  return isLarge ? 'a product on the way is larger than what it takes and gives' : undefined;
}

function isSummed({ sizes, output }: Equation): boolean {
  return [...sizes.keys()].some((label) => !output.includes(label));
}

/** Whether elements of the result are other than those of an operand. */
function isComputed(equation: Equation): boolean {
  return equation.terms.length > 1 || isSummed(equation);
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

/** The terms with each label once, of elements that kernels compute with. */
function prepared(graph: Graph, equation: Equation): Term[] {
  const { terms, sizes, dtype } = equation;
  const isWidened = isHalf(dtype) && isComputed(equation);
  return terms.map((term) => {
    const plain = distinct(graph, term, sizes);
    return isWidened ? { ...plain, value: widened(graph, plain.value) } : plain;
  });
}

/** What an equation gives: of halves, rounded once. */
function expand(graph: Graph, equation: Equation): Value | undefined {
  const terms = prepared(graph, equation);
  const result = multiplied(graph, { ...equation, terms });
  if (!result) return undefined;
  if (isHalf(equation.dtype) && isComputed(equation)) return cast(graph, result, equation.dtype);
  return result === equation.terms[0]?.value ? graph.emit(Identity, { input: result }).output : result;
}

/** Sums each operand over its own axes, then multiplies one after the other. */
function multiplied(graph: Graph, { terms, output, sizes }: Equation): Value | undefined {
  const others = (index: number) => terms.filter((_, i) => i !== index);
  const [first, ...rest] = terms.map((term, index) => summed(graph, term, others(index), output));
  if (!first) return undefined;
  if (rest.length === 0) return transposed(graph, first, output);
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
 * over and Mul where nothing is, between transpositions and reshapes where the axes are not in order. Axes with one label are
 * joined, whose diagonal is a slice with a step; axes of one element that stand for any number are dropped. Halves are computed
 * in float32 and rounded once; other types than float32 only moved, or multiplied where they are int32 or int64. Products
 * of several operands whose parts would be larger than all of them stay.
 */
export const expandEinsum: Pass = rulePass('expand-einsum', [expansion]);
