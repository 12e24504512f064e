import {
  DequantizeLinear,
  eraseDead,
  forward,
  type Graph,
  type Node,
  type PassLog,
  QuantizeLinear,
  supersede,
  type Value,
} from '@octavo/core/ir';
import { type QuantizedType, sameQuantization } from '@octavo/core/quant';
import { isFloat } from '@octavo/core/tensor';
import { clampBounds, commutesWithClamp, isImpliedByRange } from './clamp.js';
import { givesFloatSums, hasIntegerArithmetic, integerProblem } from './integer-ops.js';

/** How one output of a node becomes quantized: through which clamps, by which QuantizeLinear nodes. */
interface QuantizedResult {
  readonly type: QuantizedType;
  readonly quantizers: readonly Node[];
  readonly clamps: readonly Node[];
}

/** Everything that folding a node needs, decided before the graph changes. */
interface FoldPlan {
  readonly inputs: readonly (Value | undefined)[];
  /** By output position; undefined where the output is no quantized float. */
  readonly results: readonly (QuantizedResult | undefined)[];
}

/**
 * Folds DequantizeLinear -> node -> [Relu | Clip] -> QuantizeLinear into the same op on quantized values. A product with
 * constant weights folds without the QuantizeLinear too: its output stays float, `f32(f32(acc) * f32(s_x * s_w[c]))`.
 * @returns Whether it folded the node; the log says so, and why not where the node has to do with quantization.
 */
export function foldNode(graph: Graph, node: Node, quantizedTypes: QuantizedOutputs, log: PassLog): boolean {
  const plan = planFold(graph, node, quantizedTypes);
  if (plan === undefined) return false;
  const place = node.label;
  if (typeof plan === 'string') {
    log.declined('fold-qdq', place, plan);
    return false;
  }
  applyFold(graph, node, plan);
  log.fired('fold-qdq', place);
  return true;
}

/** The type that a QuantizeLinear gives, where its qparams are known and its output carries them. */
export type QuantizedOutputs = (node: Node) => QuantizedType | undefined;

function planFold(graph: Graph, node: Node, typeOf: QuantizedOutputs): FoldPlan | string | undefined {
  if (node.subgraphs.length > 0) return undefined;
  const inputs = withoutDequantizing(node);
  if (!inputs) return feedsQuantizer(node) && !clampBounds(node) ? noQuantizedInput(node) : undefined;
  if (!node.op.known) return `${node.op.name} has no definition`;
  const problem = inputProblem(node, inputs);
  if (problem) return problem;
  const results: (QuantizedResult | undefined)[] = [];
  for (const value of node.outputs) {
    const result = resultOf(graph, value, typeOf);
    if (typeof result !== 'string') results.push(result);
    else return givesFloatSums(node, inputs) ? { inputs, results: [undefined] } : result;
  }
  return results.some((result) => result) ? { inputs, results } : 'it gives no quantized result';
}

/** The inputs with the quantized values in the place of those dequantized from them; undefined where none is. */
function withoutDequantizing({ inputs }: Node): readonly (Value | undefined)[] | undefined {
  let sources: (Value | undefined)[] | undefined;
  for (let i = 0; i < inputs.length; i++) {
    const value = inputs[i];
    const source = value?.producer && dequantizedSource(value);
    if (!source) continue;
    sources ??= [...inputs];
    sources[i] = source;
  }
  return sources;
}

function feedsQuantizer({ outputs }: Node): boolean {
  for (const value of outputs)
    for (const { op } of value?.users ?? []) if (op.key === QuantizeLinear.key) return true;
  return false;
}

function noQuantizedInput(node: Node): string | undefined {
  return node.inputs.some((value) => value && isFloatValue(value) && !value.constant)
    ? 'none of its inputs is dequantized'
    : undefined;
}

/** The quantized value that a DequantizeLinear gives in float, when it is nothing but that. */
export function dequantizedSource(value: Value): Value | undefined {
  const { producer } = value;
  if (producer?.op.key !== DequantizeLinear.key) return undefined;
  const source = producer.inputs[0];
  return source?.quantized ? source : undefined;
}

function isFloatValue(value: Value): boolean {
  return value.dtype === undefined || (!value.quantized && isFloat(value.dtype));
}

/** Float operands must be quantized; ops without integer arithmetic may keep constant ones. */
function inputProblem(node: Node, inputs: readonly (Value | undefined)[]): string | undefined {
  const strict = hasIntegerArithmetic(node);
  for (const value of inputs) {
    if (!value || (!strict && value.constant)) continue;
    if (isFloatValue(value)) return `its input ${value.name} is not quantized`;
  }
  if (!strict) return undefined;
  return integerProblem(
    node,
    inputs.map((value) => value?.quantized),
  );
}

function resultOf(
  graph: Graph,
  value: Value | undefined,
  typeOf: QuantizedOutputs,
): QuantizedResult | string | undefined {
  if (!value || !isFloatValue(value)) return undefined;
  const { users } = value;
  if (graph.isOutput(value)) return `its output ${value.name} leaves the graph in float`;
  if (users.length === 0) return undefined;
  const [only] = users;
  if (users.length === 1 && only && clampBounds(only) && only.inputs[0] === value) {
    return throughClamp(graph, only, typeOf);
  }
  for (const user of users) {
    if (user.op.key === QuantizeLinear.key && user.inputs[0] === value) continue;
    return `its output ${value.name} is read in float by ${user.label}`;
  }
  const type = only && typeOf(only);
  if (!type) return `the qparams of its output ${value.name} are not known`;
  const problem = users.length > 1 ? severalProblem(graph, users, type, typeOf) : undefined;
  return problem ? `its output ${value.name} ${problem}` : { type, quantizers: users, clamps: [] };
}

/** Why several QuantizeLinear nodes that read one value cannot become that value. */
function severalProblem(
  graph: Graph,
  quantizers: readonly Node[],
  type: QuantizedType,
  typeOf: QuantizedOutputs,
): string | undefined {
  const types = quantizers.map(typeOf);
  if (!types.every((each) => each && sameQuantization(each, type))) return 'is quantized in several ways';
  const outputs = quantizers.filter(({ output }) => output && graph.isOutput(output));
  return outputs.length > 1 ? 'is two outputs of the graph' : undefined;
}

function throughClamp(graph: Graph, clamp: Node, typeOf: QuantizedOutputs): QuantizedResult | string {
  const result = resultOf(graph, clamp.output, typeOf);
  if (result === undefined) return `its output is read in float by ${clamp.label}`;
  if (typeof result === 'string') return result;
  if (!commutesWithClamp(result.type)) return `${clamp.label} does not commute with its quantization`;
  return { ...result, clamps: [clamp, ...result.clamps] };
}

function applyFold(graph: Graph, node: Node, { inputs, results }: FoldPlan): void {
  const { inputs: before, outputs } = node;
  const dequantizers: (Node | undefined)[] = [];
  for (let i = 0; i < inputs.length; i++) {
    if (inputs[i] === before[i]) continue;
    node.setInput(i, inputs[i]);
    dequantizers.push(before[i]?.producer);
  }
  const names: Naming[] = [];
  for (let i = 0; i < outputs.length; i++) {
    const value = outputs[i];
    if (!value) continue;
    const result = results[i];
    if (result) names.push(...replaceQuantized(graph, value, result));
    else if (!value.isRead && !graph.isOutput(value)) graph.dropOutput(node, i);
  }
  eraseDead(graph, dequantizers);
  // Where nobody reads the integers either, the node is gone with the last QuantizeLinear.
  if (!graph.has(node)) return;
  for (const [value, name] of names) if (!graph.value(name)) graph.rename(value, name);
}

/** The float value's name that its quantized form takes over once it is free. */
type Naming = readonly [value: Value, name: string];

function setQuantized(value: Value, type: QuantizedType, like: Value): void {
  value.type = { kind: 'tensor', dtype: type.storage, shape: like.shape, quantized: type };
  value.docString = like.docString;
}

function copyNotes(from: Node, to: Node): void {
  to.docString = from.docString;
  to.metadata = from.metadata;
  to.overload = from.overload;
}

/** Makes an output integers, with clamps of integers behind, and puts the last in the place of the QuantizeLinear outputs. */
function replaceQuantized(
  graph: Graph,
  float: Value,
  { type, clamps, quantizers }: QuantizedResult,
): Naming[] {
  const names: Naming[] = [];
  float.type = { kind: 'tensor', dtype: type.storage, shape: float.shape, quantized: type };
  let [last, name] = [float, float.name];
  for (const clamp of clamps) {
    const bounds = clampBounds(clamp);
    if (!bounds || !clamp.output) continue;
    if (!isImpliedByRange(bounds, type)) {
      names.push([last, name]);
      last = clampIntegers(graph, clamp, last, type);
    }
    name = clamp.output.name;
  }
  let kept: Value | undefined;
  for (const { output } of quantizers) {
    if (!output) continue;
    if (graph.isOutput(output)) kept = output;
    else forward(graph, output, last);
  }
  if (kept) supersede(graph, kept, last);
  else names.push([last, name]);
  return names;
}

function clampIntegers(graph: Graph, clamp: Node, input: Value, type: QuantizedType): Value {
  const name = clamp.output?.name ?? clamp.name;
  const output = graph.addValue(graph.uniqueName(name));
  if (clamp.output) setQuantized(output, type, clamp.output);
  const inputs = [input, ...clamp.inputs.slice(1)];
  const { attributes } = clamp;
  copyNotes(clamp, graph.addNode(clamp.op, { name: clamp.name, inputs, outputs: [output], attributes }));
  return output;
}
