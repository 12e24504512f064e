import { type Graph, inferTypes, type Model } from '@octavo/core/ir';
import { raiseOpset } from '@octavo/passes';
import { QuantizerError } from '../quantizer-error.js';
import type { Recipe } from '../recipe.js';
import type { ReportBuilder } from '../report.js';
import { runAll } from '../run-passes.js';
import { halfOpset } from './bfloat16-opset.js';
import type { HalfFormat } from './half-constants.js';
import { HalfGraph } from './half-graph.js';

/**
 * Converts float32 constants and computation to a 16-bit float format, in subgraphs too. The graph's own inputs and
 * outputs stay float32, unless the recipe's `io` names the format. Finite constants beyond its largest number are clamped
 * and counted, or refused when the recipe is strict.
 * @throws QuantizerError `FP16_OVERFLOW` (strict), `FP16_TYPE` when a value's type cannot be inferred; `BF16_*` likewise.
 */
export async function convertToHalf(
  model: Model,
  recipe: Recipe,
  report: ReportBuilder,
  format: HalfFormat,
): Promise<void> {
  const { graph } = model;
  await runAll(graph, [raiseOpset(halfOpset(graph, format))], report);
  inferTypes(graph);
  refuseUntyped(graph, format);
  const constants = { format, strict: recipe.strict, report };
  await new HalfGraph(graph, { recipe, constants, isInside: false, names: namesIn(graph) }).convert();
}

function refuseUntyped(graph: Graph, format: HalfFormat): void {
  for (const node of graph.nodes) {
    const untyped = node.outputs.find((value) => value && !value.type && value.isRead);
    if (untyped) {
      throw new QuantizerError({
        code: `${format.mode.toUpperCase()}_TYPE`,
        where: `node ${node.label} (${node.op.name})`,
        message: `the type of its output ${untyped.name} cannot be inferred.`,
        remedy: 'Run shape inference in the exporter, or use another mode.',
      });
    }
    for (const { graph: inner } of node.subgraphs) refuseUntyped(inner, format);
  }
}

/** The names of all values: a subgraph must not give a name that the graphs around it have. */
function namesIn(graph: Graph): Set<string> {
  const names = new Set(graph.values.map((value) => value.name));
  for (const node of graph.nodes)
    for (const inner of node.subgraphs) for (const name of namesIn(inner.graph)) names.add(name);
  return names;
}
