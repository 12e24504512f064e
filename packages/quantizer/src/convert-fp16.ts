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
  float32ToFloat16,
  fromNumbers,
  StoredTensor,
  type Tensor,
  toNumbers,
} from '@octavo/core/tensor';
import { eliminateDeadNodes } from '@octavo/passes';
import { deferredTensor, LastComputed } from './deferred-storage.js';
import { QuantizerError } from './quantizer-error.js';
import type { Recipe } from './recipe.js';
import type { ReportBuilder } from './report.js';
import { runAll } from './run-passes.js';
import { excludedBecause } from './selection.js';

/** Ops that lose too much in fp16 or have no fp16 form: they keep float32 between two casts. */
const FLOAT32_OPS: ReadonlySet<string> = new Set([
  'Resize',
  'Upsample',
  'Range',
  'CumSum',
  'NonMaxSuppression',
  'RoiAlign',
  'GridSample',
  'RandomNormal',
  'RandomUniform',
  'QuantizeLinear',
  'DequantizeLinear',
  'DynamicQuantizeLinear',
  'MatMulNBits',
  'Multinomial',
  'BlackmanWindow',
  'HannWindow',
  'HammingWindow',
  'DFT',
  'STFT',
]);

/**
 * Converts float32 constants and computation to fp16; the graph's own inputs and outputs stay float32.
 * Finite constants beyond 65504 are clamped and counted, or refused when the recipe is strict.
 * @throws QuantizerError `FP16_SUBGRAPH` for If, Loop and Scan, `FP16_OVERFLOW` (strict), `FP16_TYPE` when a value's
 *   type cannot be inferred.
 */
export async function convertToFloat16(model: Model, recipe: Recipe, report: ReportBuilder): Promise<void> {
  const { graph } = model;
  const order = graph.sorted();
  refuseUntyped(order);
  const halves = new Map<Value, Value>();
  const wholes = new Map<Value, Value>();
  const converted = new Set<Value>();
  for (const node of order) {
    const keep =
      excludedBecause(node, recipe) ??
      (FLOAT32_OPS.has(node.op.name) ? `${node.op.name} keeps float32` : undefined);
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
        remedy: 'Run shape inference in the exporter, or exclude the node.',
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
    if (value?.constant && value.dtype === 'float32' && !halves.has(value))
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
  if (results.length > 0) await convertAttributes(node);
  return results.length > 0 || before.some((value) => value?.dtype === 'float32');
}

/** Attributes that name or hold the output's dtype. */
async function convertAttributes(node: Node): Promise<void> {
  if (Cast.is(node)) node.setAttribute('to', attr.int().encode(DTYPES.float16.onnx));
  if (ConstantOfShape.is(node)) {
    const fill = await ConstantOfShape.attributes(node).value?.load();
    node.setAttribute('value', {
      kind: 'tensor',
      value: StoredTensor.of(fromNumbers('float16', [1], [fill ? (toNumbers(fill)[0] ?? 0) : 0])),
    });
  }
}

function connect(graph: Graph, node: Node, choose: (value: Value) => Value): void {
  node.inputs.forEach((value, index) => {
    if (!value) return;
    const chosen = choose(value);
    if (chosen !== value) node.setInput(index, chosen);
    if (value.constant && value.users.length === 0 && !graph.isOutput(value)) graph.removeValue(value);
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
  const overflow = countOverflow(await source.load());
  if (overflow > 0) {
    const message = `${overflow} of ${source.size} elements are beyond fp16's largest number ${FLOAT16_MAX}`;
    if (recipe.strict) {
      throw new QuantizerError({
        code: 'FP16_OVERFLOW',
        where: `tensor ${value.name}`,
        message: `${message}.`,
        remedy: 'Exclude the node, or drop --strict to clamp.',
      });
    }
    report.warnings.push(`tensor ${value.name}: ${message}; they are clamped.`);
  }
  const compute = async (): Promise<Record<string, Uint8Array>> => ({ half: toHalf(await source.load()) });
  return graph.addInitializer(
    `${value.name}_float16`,
    deferredTensor('float16', source.shape, new LastComputed(), compute, 'half'),
  );
}

function countOverflow(tensor: Tensor): number {
  let count = 0;
  for (const value of toNumbers(tensor)) if (Math.abs(value) > FLOAT16_MAX && Number.isFinite(value)) count++;
  return count;
}

function toHalf(tensor: Tensor): Uint8Array {
  const bits = Uint16Array.from(toNumbers(tensor), (value) =>
    float32ToFloat16(Number.isFinite(value) ? Math.min(FLOAT16_MAX, Math.max(-FLOAT16_MAX, value)) : value),
  );
  return new Uint8Array(bits.buffer);
}
