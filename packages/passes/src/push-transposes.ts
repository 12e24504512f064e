import {
  Abs,
  Add,
  Cast,
  Clip,
  Clip6,
  DequantizeLinear,
  Div,
  Elu,
  Erf,
  Exp,
  Gelu,
  type Graph,
  HardSigmoid,
  HardSwish,
  LeakyRelu,
  Mul,
  Neg,
  type Node,
  type Pass,
  QuantizeLinear,
  Relu,
  Sigmoid,
  Sqrt,
  Sub,
  Swish,
  supersede,
  Tanh,
  Transpose,
  tensorType,
  type Value,
} from '@octavo/core/ir';
import { orderOf } from './fusing/axis-order.js';
import { producedBy, scalarOf } from './fusing/operands.js';
import { keysOf, onlyWith } from './only-with.js';

/** Ops that do the same to every element of their first input; further inputs are scalars. */
const UNARY = keysOf(
  Abs,
  Cast,
  Clip,
  Clip6,
  DequantizeLinear,
  Elu,
  Erf,
  Exp,
  Gelu,
  HardSigmoid,
  HardSwish,
  LeakyRelu,
  Neg,
  QuantizeLinear,
  Relu,
  Sigmoid,
  Sqrt,
  Swish,
  Tanh,
);

const BINARY = keysOf(Add, Sub, Mul, Div);

/**
 * Moves a Transpose behind elementwise ops where a Transpose that undoes it, or one that it can be merged with, comes
 * later: the two then meet, and `simplify-movement` merges them. Both operands of a binary op must be transposed alike,
 * or one be a scalar.
 */
export const pushTransposes: Pass = onlyWith([Transpose], {
  name: 'push-transposes',
  run(graph, log) {
    let changed = false;
    for (const node of graph.sorted()) {
      const perm = readsTransposed(node) && graph.has(node) ? commonOrder(node) : undefined;
      if (!perm || !node.output) continue;
      const place = node.label;
      const problem = pushProblem(graph, node);
      if (problem) {
        log.declined('push-transposes', place, problem);
        continue;
      }
      push(graph, node, perm);
      log.fired('push-transposes', place);
      changed = true;
    }
    return changed;
  },
});

function readsTransposed({ inputs }: Node): boolean {
  for (const value of inputs) if (value?.producer?.op.key === Transpose.key) return true;
  return false;
}

/** The order that every tensor operand of an elementwise node was just brought into. */
function commonOrder(node: Node): readonly number[] | undefined {
  if (!isElementwise(node)) return undefined;
  const tensors = node.inputs.filter((value): value is Value => value !== undefined && !isScalar(value));
  const orders = tensors.map((value) => producedBy(value, Transpose)).map((each) => each && orderOf(each));
  const [first] = orders;
  return first && orders.every((order) => order?.join() === first.join()) ? first : undefined;
}

function isScalar(value: Value): boolean {
  return value.shape?.length === 0 || (scalarOf(value) !== undefined && (value.shape?.length ?? 2) <= 1);
}

function pushProblem(graph: Graph, node: Node): string | undefined {
  const several = [...node.inputs, node.output].find(
    (value) => value?.quantized && value.quantized.granularity.kind !== 'per-tensor',
  );
  if (several) return `${several.name} is quantized with several scales`;
  const transposed = node.inputs.find((value) => producedBy(value, Transpose));
  if (transposed && (transposed.users.length > 1 || graph.isOutput(transposed))) {
    return `${transposed.name} is read elsewhere too`;
  }
  return meetsTranspose(graph, node) ? undefined : 'no Transpose follows that it could meet';
}

/** Whether every way on from a node leads through elementwise ops to a Transpose. */
function meetsTranspose(graph: Graph, node: Node): boolean {
  const [user, ...others] = node.output?.users ?? [];
  if (!user || others.length > 0 || (node.output && graph.isOutput(node.output))) return false;
  if (Transpose.is(user)) return true;
  return isElementwise(user) && user.inputs.every(comesTransposed) && meetsTranspose(graph, user);
}

function isElementwise(node: Node): boolean {
  return UNARY.has(node.op.key) || BINARY.has(node.op.key);
}

/** Whether an operand is a scalar, or comes from a Transpose through elementwise ops alone. */
function comesTransposed(value: Value | undefined): boolean {
  if (!value || isScalar(value)) return true;
  const { producer } = value;
  if (!producer) return false;
  return Transpose.is(producer) || (isElementwise(producer) && producer.inputs.every(comesTransposed));
}

function push(graph: Graph, node: Node, perm: readonly number[]): void {
  const { output } = node;
  if (!output) return;
  const inputs = node.inputs.map((value) => producedBy(value, Transpose)?.inputs[0] ?? value);
  const before = graph.addValue(graph.uniqueName(`${output.name}_before`));
  const shape = inputs.find((value) => value && !isScalar(value))?.shape;
  if (output.dtype) before.type = tensorType(output.dtype, shape, output.quantized);
  graph.addNode(node.op, { name: node.name, inputs, outputs: [before], attributes: node.attributes });
  const after = graph.emit(Transpose, { data: before }, { perm });
  if (after.output) supersede(graph, output, after.output);
}
