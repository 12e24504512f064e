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
      const granularity = granularityOf(y_scale, MicrosoftQuantizeLinear.attributes(node));
      const since = linearOpset(node.output?.dtype ?? 'uint8', granularity, y_scale.dtype);
      return check(graph, 'QuantizeLinear of such types', since);
    },
    rewrite(_, graph, node) {
      const inputs = MicrosoftQuantizeLinear.inputs(node);
      const attributes = attributesFor(inputs.y_scale, MicrosoftQuantizeLinear.attributes(node));
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
      const granularity = granularityOf(x_scale, MicrosoftDequantizeLinear.attributes(node));
      const since = linearOpset(x.dtype ?? 'uint8', granularity, x_scale.dtype);
      return check(graph, 'DequantizeLinear of such types', since);
    },
    rewrite(_, graph, node) {
      const inputs = MicrosoftDequantizeLinear.inputs(node);
      const attributes = attributesFor(inputs.x_scale, MicrosoftDequantizeLinear.attributes(node));
      const fresh = graph.emit(DequantizeLinear, inputs, attributes, { name: node.name });
      if (node.output && fresh.output) supersede(graph, node.output, fresh.output);
    },
  });
}

interface Grouping {
  readonly axis: number;
  readonly block_size: number;
}

function granularityOf({ shape }: Value, { block_size }: Grouping): 'per-block' | 'per-axis' | 'per-tensor' {
  if (block_size > 0) return 'per-block';
  return shape?.length === 0 ? 'per-tensor' : 'per-axis';
}

/** Only what says something: op sets that have no such granularity do not have the attribute either. */
function attributesFor(scale: Value, { axis, block_size }: Grouping): Partial<Grouping> {
  const granularity = granularityOf(scale, { axis, block_size });
  return {
    ...(granularity !== 'per-tensor' && { axis }),
    ...(granularity === 'per-block' && { block_size }),
  };
}

function contribPass(name: string, check: OpsetCheck): Pass {
  const fused = fusedRules((graph, op) => check(graph, op.name, op.since));
  return rulePass(name, [quantizeRule(check), dequantizeRule(check), ...fused]);
}

/**
 * Turns ops of onnxruntime into those of ONNX that mean the same: its QuantizeLinear and DequantizeLinear, and sums that it
 * fused into activations and normalizations, for which backends have kernels and fusions of their own. What the op set of
 * the graph does not have yet stays as it is: raise it first.
 */
export const standardizeContrib: Pass = contribPass('standardize-contrib', (graph, op, since) =>
  graph.opset < since ? `ONNX has ${op} since opset ${since}, the graph has ${graph.opset}` : undefined,
);

/** The same for running, not for writing: the ops may be newer than the op set of the graph. */
export const standardizeContribToRun: Pass = contribPass('standardize-contrib-to-run', () => undefined);
