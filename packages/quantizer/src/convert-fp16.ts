import {
  attr,
  Cast,
  ConstantOfShape,
  type Graph,
  type Model,
  type Node,
  tensorType,
  type Value,
} from '@octavo/core/ir';
import {
  DTYPES,
  FLOAT16_MAX,
  float32,
  float32ToFloat16,
  StoredTensor,
  Tensor,
  toNumbers,
} from '@octavo/core/tensor';
import { eliminateDeadNodes } from '@octavo/passes';
import { deferredTensor, LastComputed } from './deferred-storage.js';
import { dropUnused } from './insert-qdq.js';
import { keepsFloat32 } from './keeps-float32.js';
import { LayerPrecisions } from './layer-precisions.js';
import { QuantizerError } from './quantizer-error.js';
import type { Recipe } from './recipe.js';
import type { ReportBuilder } from './report.js';
import { runAll } from './run-passes.js';

/**
 * Converts float32 constants and computation to fp16; the graph's own inputs and outputs stay float32.
 * Finite constants beyond 65504 are clamped and counted, or refused when the recipe is strict.
 * @throws QuantizerError `FP16_SUBGRAPH` for If, Loop and Scan, `FP16_OVERFLOW` (strict), `FP16_TYPE` when a value's
 *   type cannot be inferred.
 */
export async function convertToFloat16(model: Model, recipe: Recipe, report: ReportBuilder): Promise<void> {
  const { graph } = model;
  const order = graph.sorted();
  const precisions = new LayerPrecisions(graph, recipe);
  refuseUntyped(order);
  const halves = new Map<Value, Value>();
  const wholes = new Map<Value, Value>();
  const converted = new Set<Value>();
  for (const node of order) {
    const keep = precisions.floatBecause(node) ?? keepsFloat32(node);
    if (keep) {
      report.decisions.push({ node: node.label, op: node.op.name, quantized: false, because: keep });
      connect(graph, node, (value) =>
        converted.has(value) ? castOnce(graph, value, 'float32', wholes) : value,
      );
      continue;
    }
    const isHalf = await convertNode(graph, node, converted, halves, recipe, report);
    if (isHalf)
      report.decisions.push({ node: node.label, op: node.op.name, quantized: true, because: 'float16' });
  }
  for (const output of [...graph.outputs]) if (converted.has(output)) castOutput(graph, output);
  await runAll(graph, [eliminateDeadNodes], report);
}

function refuseUntyped(order: readonly Node[]): void {
  for (const node of order) {
    if (node.subgraphs.length > 0) {
      throw new QuantizerError({
        code: 'FP16_SUBGRAPH',
        where: `node ${node.label}`,
        message: `${node.op.name} holds a subgraph, which fp16 conversion does not enter.`,
        remedy: 'Use another mode.',
      });
    }
    const untyped = node.outputs.find((value) => value && !value.tensorType && value.users.length > 0);
    if (untyped) {
      throw new QuantizerError({
        code: 'FP16_TYPE',
        where: `node ${node.label} (${node.op.name})`,
        message: `the type of its output ${untyped.name} cannot be inferred.`,
        remedy: 'Run shape inference in the exporter, or use another mode.',
      });
    }
  }
}

async function convertNode(
  graph: Graph,
  node: Node,
  converted: Set<Value>,
  halves: Map<Value, Value>,
  recipe: Recipe,
  report: ReportBuilder,
): Promise<boolean> {
  const before = node.inputs;
  for (const value of before) {
    if (value?.constant && value.dtype === 'float32' && !halves.has(value) && !graph.inputs.includes(value))
      halves.set(value, await halveConstant(graph, value, recipe, report));
  }
  connect(graph, node, (value) => {
    if (value.dtype !== 'float32' || converted.has(value)) return value;
    return halves.get(value) ?? castOnce(graph, value, 'float16', halves);
  });
  const results = node.outputs.filter((value) => value?.dtype === 'float32');
  for (const value of results) {
    if (!value) continue;
    value.type = tensorType('float16', value.shape);
    converted.add(value);
  }
  if (results.length > 0) await convertAttributes(node, recipe, report);
  return results.length > 0 || before.some((value) => value?.dtype === 'float32');
}

/** Attributes that name or hold the output's dtype. */
async function convertAttributes(node: Node, recipe: Recipe, report: ReportBuilder): Promise<void> {
  if (Cast.is(node)) node.setAttribute('to', attr.int().encode(DTYPES.float16.onnx));
  if (ConstantOfShape.is(node)) {
    const stored = ConstantOfShape.attributes(node).value;
    const fill = stored ? await stored.load() : float32([0]);
    checkOverflow(fill, `node ${node.label}, its value`, recipe, report);
    const half = new Tensor('float16', [1], toHalf(fill));
    node.setAttribute('value', { kind: 'tensor', value: StoredTensor.of(half) });
  }
}

function connect(graph: Graph, node: Node, choose: (value: Value) => Value): void {
  node.inputs.forEach((value, index) => {
    if (!value) return;
    const chosen = choose(value);
    if (chosen !== value) node.setInput(index, chosen);
    dropUnused(graph, value);
  });
}

function castOnce(graph: Graph, value: Value, dtype: 'float16' | 'float32', known: Map<Value, Value>): Value {
  const cast = known.get(value) ?? addCast(graph, value, dtype, `${value.name}_${dtype}`);
  known.set(value, cast);
  return cast;
}

function addCast(graph: Graph, value: Value, dtype: 'float16' | 'float32', name: string): Value {
  const node = graph.emit(
    Cast,
    { input: value },
    { to: DTYPES[dtype].onnx },
    { name: `${value.name}_to_${dtype}`, outputNames: [name] },
  );
  if (!node.output) throw new Error('Cast has an output');
  node.output.type = tensorType(dtype, value.shape);
  return node.output;
}

function castOutput(graph: Graph, output: Value): void {
  const { name } = output;
  graph.rename(output, graph.uniqueName(`${name}_float16`));
  const cast = addCast(graph, output, 'float32', name);
  graph.outputs = graph.outputs.map((value) => (value === output ? cast : value));
}

async function halveConstant(
  graph: Graph,
  value: Value,
  recipe: Recipe,
  report: ReportBuilder,
): Promise<Value> {
  const source = value.constant;
  if (!source) return value;
  checkOverflow(await source.load(), `tensor ${value.name}`, recipe, report);
  const compute = async (): Promise<Record<string, Uint8Array>> => ({
    half: new Uint8Array(toHalf(await source.load()).buffer),
  });
  return graph.addInitializer(
    `${value.name}_float16`,
    deferredTensor('float16', source.shape, new LastComputed(), compute, 'half'),
  );
}

/** Clamping is counted in the report, or refused when the recipe is strict. */
function checkOverflow(tensor: Tensor, place: string, recipe: Recipe, report: ReportBuilder): void {
  const numbers = toNumbers(tensor);
  let overflow = 0;
  for (const value of numbers) if (Math.abs(value) > FLOAT16_MAX && Number.isFinite(value)) overflow++;
  if (overflow === 0) return;
  const message = `${overflow} of ${numbers.length} elements are beyond fp16's largest number ${FLOAT16_MAX}`;
  if (!recipe.strict) {
    report.warnings.push(`${place}: ${message}; they are clamped.`);
    return;
  }
  throw new QuantizerError({
    code: 'FP16_OVERFLOW',
    where: place,
    message: `${message}.`,
    remedy: 'Exclude the node, or drop --strict to clamp.',
  });
}

function toHalf(tensor: Tensor): Uint16Array<ArrayBuffer> {
  return Uint16Array.from(toNumbers(tensor), (value) =>
    float32ToFloat16(Number.isFinite(value) ? Math.min(FLOAT16_MAX, Math.max(-FLOAT16_MAX, value)) : value),
  );
}
