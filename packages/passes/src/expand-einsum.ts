import {
  defineRule,
  Einsum,
  type Graph,
  knownShape,
  MatMul,
  Mul,
  match,
  type Node,
  type Pass,
  parseEinsum,
  Reshape,
  rulePass,
  supersede,
  Transpose,
  type Value,
} from '@octavo/core/ir';
import { elementCount, int64, StoredTensor } from '@octavo/core/tensor';

/** The labels of a product of two operands, each in the order in which the result or the first operand has them. */
interface ProductLabels {
  readonly operands: readonly [readonly string[], readonly string[]];
  readonly output: readonly string[];
  /** In both operands and in the result. */
  readonly batch: readonly string[];
  /** In one operand and in the result. */
  readonly rows: readonly string[];
  readonly columns: readonly string[];
  /** In both operands alone: summed over. */
  readonly inner: readonly string[];
  readonly sizes: ReadonlyMap<string, number>;
}

/** The product that a node is, or why it is none. */
function labelsOf(node: Node): ProductLabels | string {
  const [a, b, ...rest] = node.inputs;
  if (!a || !b || rest.length > 0) return 'it has not two operands';
  if (a.dtype !== 'float32' || b.dtype !== 'float32') return 'it is not computed in float32';
  const shapes = [a, b].map(({ shape }) => knownShape(shape));
  const ranks = shapes.map((shape) => shape?.length ?? 0);
  if (shapes.includes(undefined)) return 'the shapes of its operands are not known';
  const { inputs, output } = parseEinsum(Einsum.attributes(node).equation, ranks);
  const [left = [], right = []] = inputs;
  if ([left, right].some((labels) => new Set(labels).size < labels.length)) return 'it takes a diagonal';
  const sizes = new Map<string, number>();
  for (const [operand, labels] of inputs.entries())
    for (const [axis, label] of labels.entries()) {
      const size = shapes[operand]?.[axis] ?? 0;
      if ((sizes.get(label) ?? size) !== size) return `its axis ${label} is repeated`;
      sizes.set(label, size);
    }
  // Reshape takes a size of 0 for that of the axis it had.
  if ([...sizes.values()].includes(0)) return 'an axis of it has no elements';
  const isIn = (labels: readonly string[]) => (label: string) => labels.includes(label);
  if (
    [...sizes.keys()].some(
      (label) => !output.includes(label) && !(left.includes(label) && right.includes(label)),
    )
  )
    return 'it sums over an axis of one operand';
  return {
    operands: [left, right],
    output,
    batch: output.filter(isIn(left)).filter(isIn(right)),
    rows: output.filter(isIn(left)).filter((label) => !right.includes(label)),
    columns: output.filter(isIn(right)).filter((label) => !left.includes(label)),
    inner: left.filter((label) => !output.includes(label)),
    sizes,
  };
}

function transposed(graph: Graph, value: Value, from: readonly string[], to: readonly string[]): Value {
  const perm = to.map((label) => from.indexOf(label));
  if (perm.every((axis, index) => axis === index)) return value;
  return graph.emit(Transpose, { data: value }, { perm }).output ?? value;
}

function reshaped(graph: Graph, value: Value, shape: readonly number[]): Value {
  const target = graph.addInitializer('shape', StoredTensor.of(int64(shape)));
  return graph.emit(Reshape, { data: value, shape: target }).output ?? value;
}

/** A value as matrices: a batch of them where there are labels of both operands and the result. */
function asMatrices(
  graph: Graph,
  value: Value,
  from: readonly string[],
  groups: readonly (readonly string[])[],
  sizes: ReadonlyMap<string, number>,
): Value {
  const shape = groups.map((labels) => elementCount(labels.map((label) => sizes.get(label) ?? 1)));
  const turned = transposed(graph, value, from, groups.flat());
  const isPlain = groups.every(({ length }) => length === 1);
  return isPlain ? turned : reshaped(graph, turned, shape);
}

type Operands = readonly [Value, Value];

function matrixProduct(graph: Graph, [a, b]: Operands, labels: ProductLabels, name: string) {
  const { operands, output, batch, rows, columns, inner, sizes } = labels;
  const leading = batch.length > 0 ? [batch] : [];
  const A = asMatrices(graph, a, operands[0], [...leading, rows, inner], sizes);
  const B = asMatrices(graph, b, operands[1], [...leading, inner, columns], sizes);
  const found = graph.emit(MatMul, { A, B }, {}, { name }).output;
  if (!found) return undefined;
  const order = [...batch, ...rows, ...columns];
  const shape = order.map((label) => sizes.get(label) ?? 1);
  const isPlain = [...leading, rows, columns].every(({ length }) => length === 1);
  const whole = isPlain ? found : reshaped(graph, found, shape);
  return transposed(graph, whole, order, output);
}

/** A value with the axes of the result, in its order, and 1 for those that it has not. */
function spread(
  graph: Graph,
  value: Value,
  from: readonly string[],
  { output, sizes }: ProductLabels,
): Value {
  const own = output.filter((label) => from.includes(label));
  const turned = transposed(graph, value, from, own);
  const [first] = own;
  const behind = first === undefined ? [] : output.slice(output.indexOf(first));
  if (behind.length === own.length) return turned;
  const shape = behind.map((label) => (own.includes(label) ? (sizes.get(label) ?? 1) : 1));
  return reshaped(graph, turned, shape);
}

/** Where nothing is summed over, a product element by element. */
function elementwiseProduct(graph: Graph, [a, b]: Operands, labels: ProductLabels, name: string) {
  const [left, right] = labels.operands;
  const [A, B] = [spread(graph, a, left, labels), spread(graph, b, right, labels)];
  return graph.emit(Mul, { A, B }, {}, { name }).output;
}

const product = defineRule({
  name: 'expand-einsum',
  pattern: match.op(Einsum),
  declines: (_, __, node) => {
    const labels = labelsOf(node);
    return typeof labels === 'string' ? labels : undefined;
  },
  rewrite(_, graph, node) {
    const labels = labelsOf(node);
    const [a, b] = node.inputs;
    if (typeof labels === 'string' || !a || !b) return;
    const form = labels.inner.length > 0 ? matrixProduct : elementwiseProduct;
    const result = form(graph, [a, b], labels, node.name);
    if (node.output && result) supersede(graph, node.output, result);
  },
});

/**
 * Turns Einsum of two operands of known shapes that sums over what they share into MatMul, and into Mul where it sums over
 * nothing, between transpositions and reshapes where the axes are not in order. Diagonals, repeated axes and sums over one
 * operand stay.
 */
export const expandEinsum: Pass = rulePass('expand-einsum', [product]);
