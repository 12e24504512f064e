import { type Graph, inferTypes, type Model } from '@octavo/core/ir';
import { raiseOpset } from '@octavo/passes';
import type { QuantizeOptions } from '../quantize.js';
import { QuantizerError } from '../quantizer-error.js';
import type { Recipe } from '../recipe.js';
import type { ReportBuilder } from '../report.js';
import { runAll } from '../run-passes.js';
import { findWide } from './activation-reach.js';
import { halfOpset } from './bfloat16-opset.js';
import { type HalfFormat, reportSlight } from './half-constants.js';
import { HalfGraph } from './half-graph.js';

/**
 * Converts float32 constants and computation to a 16-bit float format, in subgraphs too. The graph's own inputs and
 * outputs stay float32, unless the recipe's `io` names the format. Finite constants beyond its largest number, or too small
 * for its smallest, are clamped and counted, or refused when the recipe is strict. Nodes whose activations reach beyond the
 * largest number on the calibration samples, where there are some, stay float32.
 * @throws QuantizerError `FP16_OVERFLOW`, `FP16_UNDERFLOW` (strict), `FP16_TYPE` when a value's type cannot be inferred;
 * `BF16_*` likewise; `CALIBRATION_EMPTY`, `CALIBRATION_MISSING`.
 */
export async function convertToHalf(
  model: Model,
  recipe: Recipe,
  options: QuantizeOptions,
  report: ReportBuilder,
  format: HalfFormat,
): Promise<void> {
  const { graph } = model;
  await runAll(graph, [raiseOpset(halfOpset(graph, format))], report);
  inferTypes(graph);
  refuseUntyped(graph, format);
  const wide = await findWide(model, format, recipe, options, report);
  const constants = { format, strict: recipe.strict, report, slight: new Map<string, number>() };
  const job = { recipe, constants, wide, isInside: false, names: namesIn(graph) };
  await new HalfGraph(graph, job).convert();
  reportSlight(constants);
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
