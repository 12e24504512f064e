import {
  DequantizeLinear,
  defineRule,
  type Graph,
  MicrosoftDequantizeLinear,
  MicrosoftQuantizeLinear,
  match,
  type Pass,
  QuantizeLinear,
  type Rule,
  rulePass,
  supersede,
  type Value,
} from '@octavo/core/ir';
import { isHalf } from '@octavo/core/tensor';
import { linearOpset } from './qdq/needed-opset.js';
import { fusedRules } from './standardize-fused.js';

/** Why a graph cannot have an op that ONNX has since a version, or undefined when it can. */
type OpsetCheck = (graph: Graph, op: string, since: number) => string | undefined;

function quantizeRule(check: OpsetCheck): Rule {
  return defineRule({
    name: 'standardize-quantize',
    pattern: match.op(MicrosoftQuantizeLinear),
    declines: (_, graph, node) => {
      const { y_scale } = MicrosoftQuantizeLinear.inputs(node);
      const { block_size } = MicrosoftQuantizeLinear.attributes(node);
      return check(graph, 'QuantizeLinear of such types', sinceOf(node.output, y_scale, block_size));
    },
    rewrite(_, graph, node) {
      const inputs = MicrosoftQuantizeLinear.inputs(node);
      const attributes = MicrosoftQuantizeLinear.attributes(node);
      const fresh = graph.emit(QuantizeLinear, inputs, attributes, { name: node.name });
      if (node.output && fresh.output) supersede(graph, node.output, fresh.output);
    },
  });
}

function dequantizeRule(check: OpsetCheck): Rule {
  return defineRule({
    name: 'standardize-dequantize',
    pattern: match.op(MicrosoftDequantizeLinear),
    declines: (_, graph, node) => {
      const { x, x_scale } = MicrosoftDequantizeLinear.inputs(node);
      const { block_size } = MicrosoftDequantizeLinear.attributes(node);
      return check(graph, 'DequantizeLinear of such types', sinceOf(x, x_scale, block_size));
    },
    rewrite(_, graph, node) {
      const inputs = MicrosoftDequantizeLinear.inputs(node);
      const attributes = MicrosoftDequantizeLinear.attributes(node);
      const fresh = graph.emit(DequantizeLinear, inputs, attributes, { name: node.name });
      if (node.output && fresh.output) supersede(graph, node.output, fresh.output);
    },
  });
}

/** The op set that has QuantizeLinear to these integers with this scale. */
function sinceOf(integers: Value | undefined, scale: Value, block: number): number {
  const granularity = block > 0 ? 'per-block' : (scale.shape?.length ?? 1) > 0 ? 'per-axis' : 'per-tensor';
  const since = linearOpset(integers?.dtype ?? 'uint8', granularity);
  return scale.dtype && isHalf(scale.dtype) ? Math.max(since, 19) : since;
}

function contribPass(check: OpsetCheck): Pass {
  const fused = fusedRules((graph, { name, since }) => check(graph, name, since));
  return rulePass('standardize-contrib', [quantizeRule(check), dequantizeRule(check), ...fused]);
}

/**
 * Turns ops of onnxruntime into those of ONNX that mean the same: its QuantizeLinear and DequantizeLinear, and sums that it
 * fused into activations and normalizations, for which backends have kernels and fusions of their own. What the op set of
 * the graph does not have yet stays as it is: raise it first.
 */
export const standardizeContrib: Pass = contribPass((graph, op, since) =>
  graph.opset < since ? `ONNX has ${op} since opset ${since}, the graph has ${graph.opset}` : undefined,
);

/** The same for running, not for writing: the ops may be newer than the op set of the graph. */
export const standardizeContribToRun: Pass = contribPass(() => undefined);
