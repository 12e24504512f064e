import { Conv, ConvTranspose, type Graph, type Node, type Value } from '@octavo/core/ir';
import { bridgeData, bridgeKind, needsConvolution } from './bridge-ops.js';
import { type ComputeParts, isComputeOp, takeCompute } from './compute-ops.js';
import { chooseConvResults, type FloatResult, floatInOnnxRuntime } from './conv-results.js';
import type { LayerPrecisions } from './layer-precisions.js';
import { type PlannedActivation, planActivations } from './plan-activations.js';
import type { LayerPrecision } from './precision.js';
import type { NodeDecision } from './report.js';
import { resultsOf } from './result-of.js';

/** Which nodes compute in integers and which activations are quantized for that. */
export interface StaticPlan {
  readonly compute: ReadonlyMap<Node, ComputeParts>;
  /** Nodes whose weights alone are quantized. */
  readonly weightOnly: ReadonlyMap<Node, ComputeParts>;
  readonly bridges: ReadonlySet<Node>;
  readonly activations: readonly PlannedActivation[];
  /** Nodes that onnxruntime computes in float, with dequantized weights, and why. */
  readonly inFloat: ReadonlyMap<Node, string>;
  readonly decisions: readonly NodeDecision[];
}

/** What was found out about nodes after a first plan, with reasons. */
export interface Findings {
  /** Nodes that must stay float. */
  readonly float?: ReadonlyMap<Node, string>;
  /** Nodes whose weights alone can be quantized. */
  readonly weightOnly?: ReadonlyMap<Node, string>;
  readonly floatResult?: FloatResult;
}

/**
 * Chooses the integer part of a prepared float graph: multiplications with constant weights, and the chains between
 * them that can stay in integers. A Relu or Clip right after such a node belongs to it: only its result is quantized,
 * and only where an integer node reads it, or where that makes it an integer node: quantizing what else float nodes read
 * would lose accuracy for nothing.
 */
export function planStatic(graph: Graph, precisions: LayerPrecisions, findings: Findings = {}): StaticPlan {
  const { compute, weightOnly, decisions } = chooseCompute(graph, precisions, findings);
  const bridges = chooseBridges(graph, precisions, new Set(compute.keys()));
  const results = chooseConvResults(graph, precisions, compute.keys(), findings.floatResult);
  const activations = planActivations(graph, precisions, { compute, bridges, results });
  const quantized = new Set(activations.map(({ value }) => value));
  const inFloat = floatInOnnxRuntime(graph, compute.keys(), results, quantized);
  for (const node of bridges)
    decisions.push({ node: node.label, op: node.op.name, quantized: true, because: 'between integer nodes' });
  return { compute, weightOnly, bridges, activations, inFloat, decisions };
}

interface ComputeChoice {
  readonly compute: Map<Node, ComputeParts>;
  readonly weightOnly: Map<Node, ComputeParts>;
  readonly decisions: NodeDecision[];
}

function chooseCompute(
  graph: Graph,
  precisions: LayerPrecisions,
  { float, weightOnly }: Findings,
): ComputeChoice {
  const choice: ComputeChoice = { compute: new Map(), weightOnly: new Map(), decisions: [] };
  for (const node of graph.sorted()) {
    if (!isComputeOp(node)) continue;
    const parts = float?.get(node) ?? precisions.floatBecause(node) ?? takeCompute(graph, node);
    if (typeof parts === 'string')
      choice.decisions.push({ node: node.label, op: node.op.name, quantized: false, because: parts });
    else if (node.output && !graph.isOutput(node.output) && !node.output.isRead) continue;
    else if (weightOnly?.has(node) || isWeightOnly(precisions.of(node))) choice.weightOnly.set(node, parts);
    else choice.compute.set(node, parts);
  }
  return choice;
}

/** Weights in blocks have no integer products, so that quantizing what they multiply would buy nothing. */
export function isWeightOnly({ weights, activations }: LayerPrecision): boolean {
  return activations === 'float' || (weights !== 'float' && weights.granularity === 'per-block');
}

/** Bridges whose data all come from integer nodes and of whose results one goes to at least one integer node. */
function chooseBridges(graph: Graph, precisions: LayerPrecisions, compute: ReadonlySet<Node>): Set<Node> {
  const order = graph.sorted();
  const produced = new Set<Value>();
  const convolved = new Set<Value>();
  const candidates = new Set<Node>();
  for (const node of order) {
    const data = bridgeData(node);
    const isBridge =
      bridgeKind(node) !== undefined &&
      !precisions.excludes(node) &&
      data.every((value) => value !== undefined && produced.has(value)) &&
      (!needsConvolution(node) ||
        data.every((value) => value && convolved.has(value) && !graph.isOutput(value)));
    if (isBridge) candidates.add(node);
    if (!(isBridge || compute.has(node))) continue;
    const follows = node.inputs.some((value) => value !== undefined && convolved.has(value));
    for (const result of resultsOf(graph, node)) {
      produced.add(result);
      if (follows || Conv.is(node) || ConvTranspose.is(node)) convolved.add(result);
    }
  }
  const kept = new Set<Node>();
  for (const node of order.reverse()) {
    const users = resultsOf(graph, node).flatMap((result) => result.users);
    if (candidates.has(node) && users.some((user) => compute.has(user) || kept.has(user))) kept.add(node);
  }
  return kept;
}
