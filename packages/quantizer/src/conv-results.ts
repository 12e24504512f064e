import { Conv, ConvTranspose, type Graph, type Node, type Value } from '@octavo/core/ir';
import { isComputeOp, takeCompute } from './compute-ops.js';
import type { LayerPrecisions } from './layer-precisions.js';
import { type ActivationPrecision, hasIntegerSums } from './precision.js';
import { resultOf } from './result-of.js';

/** Why a result that no integer node reads stays float; undefined where it may be quantized. */
export type FloatResult = (result: Value, precision: ActivationPrecision) => string | undefined;

/** What becomes of results of convolutions that no integer node reads: how they are quantized, or why they are not. */
export type ConvResults = ReadonlyMap<Node, ActivationPrecision | string>;

/**
 * onnxruntime convolves in integers only where the result is quantized, as its own quantizer does everywhere: else it
 * dequantizes the weights and computes in float. Products of matrices are integer products there either way. That
 * costs accuracy where another layer follows, whose input is rounded anyway, so it is done where none does.
 */
export function chooseConvResults(
  graph: Graph,
  precisions: LayerPrecisions,
  compute: Iterable<Node>,
  becauseFloat: FloatResult = () => undefined,
): ConvResults {
  const results = new Map<Node, ActivationPrecision | string>();
  for (const node of compute) {
    const { weights, activations } = precisions.of(node);
    const result = Conv.is(node) ? resultOf(graph, node) : undefined;
    if (!result || weights === 'float' || activations === 'float' || !hasIntegerSums(weights, activations))
      continue;
    const next = layerBehind(graph, result);
    const because = next && `its rounding would add to that of what ${next.label} reads`;
    results.set(node, because ?? becauseFloat(result, activations) ?? activations);
  }
  return results;
}

/** A layer that reads what float nodes make of a value, if any. */
function layerBehind(graph: Graph, value: Value): Node | undefined {
  const found = new Set([value]);
  for (const { users } of found) {
    const layer = users.find((user) => isComputeOp(user) && typeof takeCompute(graph, user) !== 'string');
    if (layer) return layer;
    for (const output of users.flatMap((user) => user.outputs)) if (output) found.add(output);
  }
  return undefined;
}

/** The nodes of an integer part that onnxruntime computes in float all the same, with reasons. */
export function floatInOnnxRuntime(
  graph: Graph,
  compute: Iterable<Node>,
  results: ConvResults,
  quantized: ReadonlySet<Value>,
): Map<Node, string> {
  const float = new Map<Node, string>();
  for (const node of compute) {
    const because = results.get(node);
    const result = resultOf(graph, node);
    if (ConvTranspose.is(node)) float.set(node, 'it has no integer ConvTranspose');
    else if (typeof because === 'string' && !(result && quantized.has(result))) float.set(node, because);
  }
  return float;
}
