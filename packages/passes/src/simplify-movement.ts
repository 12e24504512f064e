import {
  Cast,
  defineRule,
  Flatten,
  type Graph,
  knownShape,
  match,
  type Node,
  type Pass,
  Reshape,
  rulePass,
  Squeeze,
  Squeeze1,
  supersede,
  Transpose,
  Unsqueeze,
  Unsqueeze1,
  type Value,
} from '@octavo/core/ir';
import { type DType, int64, StoredTensor } from '@octavo/core/tensor';
import { orderOf } from './fusing/axis-order.js';

const RESHAPES = [Reshape, Flatten, Squeeze, Squeeze1, Unsqueeze, Unsqueeze1] as const;

const transposes = defineRule({
  name: 'merge-transposes',
  pattern: match.op(Transpose, match.op(Transpose, match.any('x')).as('first')),
  declines: ({ x, first }, _, second) =>
    orderOf(first) && orderOf(second) ? typeProblem(x, second.output) : 'its rank is not known',
  rewrite({ x, first }, graph, second) {
    const inner = orderOf(first) ?? [];
    const perm = (orderOf(second) ?? []).map((axis) => inner[axis] ?? axis);
    replace(graph, second, graph.emit(Transpose, { data: x }, { perm }, { name: second.name }));
  },
});

const reshapes = defineRule({
  name: 'merge-reshapes',
  pattern: match.op(RESHAPES, match.op(RESHAPES, match.any('x'))),
  declines: ({ x }, _, second) =>
    fixedDims(second.output) ? typeProblem(x, second.output) : 'several dimensions of its result are open',
  rewrite: ({ x }, graph, second) => reshapeTo(graph, second, x),
});

const ones = defineRule({
  name: 'transpose-to-reshape',
  pattern: match.op(Transpose, match.any('x')),
  declines: ({ x }, _, node) =>
    fixedDims(node.output) ? typeProblem(x, node.output) : 'several dimensions of its result are open',
  rewrite: ({ x }, graph, node) => reshapeTo(graph, node, x),
});

const casts = defineRule({
  name: 'merge-casts',
  pattern: match.op(Cast, match.op(Cast, match.any('x')).as('first')),
  declines({ x, first }) {
    const [from, through] = [x.dtype, first.output?.dtype];
    if (!from || !through || !holds(through, from)) return `${through} does not hold every ${from}`;
    return undefined;
  },
  rewrite: ({ x }, graph, second) =>
    replace(graph, second, graph.emit(Cast, { input: x }, Cast.attributes(second), { name: second.name })),
});

/** A Transpose is worth a look as a Reshape when it only moves axes of size 1. */
const onesOnly = {
  ...ones,
  apply: (graph: Graph, root: Node) =>
    movesOnesOnly(root) ? ones.apply(graph, root) : Promise.resolve({ kind: 'no match' as const }),
};

/**
 * Merges what only moves elements: a Transpose behind a Transpose, a Reshape (Flatten, Squeeze, Unsqueeze) behind another,
 * a Cast behind a Cast that loses nothing; a Transpose that moves axes of size 1 only becomes a Reshape.
 */
export const simplifyMovement: Pass = rulePass('simplify-movement', [transposes, reshapes, onesOnly, casts]);

function replace(graph: Graph, old: Node, fresh: Node): void {
  if (old.output && fresh.output) supersede(graph, old.output, fresh.output);
}

function reshapeTo(graph: Graph, node: Node, x: Value): void {
  const target = fixedDims(node.output) ?? [];
  const shape = graph.addInitializer('shape', StoredTensor.of(int64(target)));
  const attributes = target.includes(0) ? { allowzero: 1 } : {};
  replace(graph, node, graph.emit(Reshape, { data: x, shape }, attributes, { name: node.name }));
}

/** The shape as Reshape takes it: one open dimension may be -1, unless another is 0. */
function fixedDims(value: Value | undefined): readonly number[] | undefined {
  const { shape } = value ?? {};
  const known = knownShape(shape);
  if (known) return known;
  const open = shape?.filter((dim) => typeof dim !== 'number').length;
  if (!shape || open !== 1 || shape.includes(0)) return undefined;
  return shape.map((dim) => (typeof dim === 'number' ? dim : -1));
}

/** Moved integers keep their meaning where one scale serves them all. */
function typeProblem(x: Value, result: Value | undefined): string | undefined {
  const several = [x, result].find(
    (value) => value?.quantized && value.quantized.granularity.kind !== 'per-tensor',
  );
  return several && `${several.name} is quantized with several scales`;
}

function movesOnesOnly(node: Node): boolean {
  const order = Transpose.is(node) ? orderOf(node) : undefined;
  const shape = node.inputs[0]?.shape;
  if (!order || !shape || order.every((axis, i) => axis === i)) return false;
  const moved = order.filter((axis) => shape[axis] !== 1);
  return moved.every((axis, i) => i === 0 || axis > (moved[i - 1] ?? -1));
}

/** Element types that hold every value of another. */
const WIDER: Readonly<Partial<Record<DType, readonly DType[]>>> = {
  bool: ['uint8', 'int8', 'uint16', 'int16', 'int32', 'uint32', 'int64', 'uint64', 'float32', 'float64'],
  uint8: ['uint16', 'int16', 'int32', 'uint32', 'int64', 'uint64', 'float32', 'float64'],
  int8: ['int16', 'int32', 'int64', 'float32', 'float64'],
  uint16: ['int32', 'uint32', 'int64', 'uint64', 'float32', 'float64'],
  int16: ['int32', 'int64', 'float32', 'float64'],
  int32: ['int64', 'float64'],
  uint32: ['int64', 'uint64', 'float64'],
  float16: ['float32', 'float64'],
  bfloat16: ['float32', 'float64'],
  float32: ['float64'],
};

function holds(through: DType, from: DType): boolean {
  return through === from || (WIDER[from]?.includes(through) ?? false);
}
