import { type Graph, type Node, type Pass, type PassLog, supersede } from '@octavo/core/ir';
import { sameQuantization } from '@octavo/core/quant';
import { dropQuantizedTypes } from './qdq/drop-quantized-types.js';
import { isTyped } from './qdq/integer-types.js';
import { materializeNode } from './qdq/materialize-node.js';
import { isMovement, movedValues } from './qdq/movement.js';
import { checkOpset } from './qdq/needed-opset.js';
import { QparamsInitializers } from './qdq/qparams-initializers.js';
import { elementwiseLowerings } from './qoperator/lower-elementwise.js';
import { productLowerings } from './qoperator/lower-products.js';
import { isByte, type Lowering, type LoweringContext } from './qoperator/lowering.js';

const LOWERINGS: readonly Lowering[] = [...productLowerings, ...elementwiseLowerings];

/**
 * Writes ops on quantized values as integer ops (QLinearConv, QLinearMatMul and those of com.microsoft), and data movement
 * as itself on the integers. What has no integer op that onnxruntime runs is written as by `materialize-qdq`; the log says
 * why. Quantized values become `<name>_quantized`; inputs and outputs of the graph keep their names. The inverse of
 * `raise-qoperator`.
 */
export const materializeQoperator: Pass = { name: 'materialize-qoperator', requires: checkOpset, run };

function run(graph: Graph, log: PassLog): boolean {
  const context: LoweringContext = { graph, qparams: new QparamsInitializers(graph) };
  let changed = false;
  for (const node of graph.sorted()) {
    if (!isTyped(node) || movesBytes(node)) continue;
    const place = node.label;
    const problem = lowerNode(node, context);
    if (problem) {
      log.declined('materialize-qoperator', place, problem);
      materializeNode(graph, node, context.qparams);
    } else log.fired('materialize-qoperator', place);
    changed = true;
  }
  if (graph.nodes.some((node) => node.op.domain === 'com.microsoft')) graph.opsets.set('com.microsoft', 1);
  return dropTypes(graph) || changed;
}

/** Whether a node moves integers of 8 bits as they are. */
function movesBytes(node: Node): boolean {
  const [first, ...rest] = isMovement(node) ? movedValues(node).map((value) => value.quantized) : [];
  return first !== undefined && isByte(first) && rest.every((type) => type && sameQuantization(type, first));
}

/** Why the node has no integer op, or undefined when one is in its place. */
function lowerNode(node: Node, context: LoweringContext): string | undefined {
  const lowering = LOWERINGS.find(({ op }) => op.is(node));
  if (!lowering) return `${node.op.name} has no integer op`;
  const problem = lowering.declines(node);
  if (problem) return problem;
  const { output } = node;
  if (!output) return 'it has no output';
  const fresh = lowering.lower(node, context);
  fresh.type = output.type;
  supersede(context.graph, output, fresh);
  return undefined;
}

function dropTypes(graph: Graph): boolean {
  const dropped = dropQuantizedTypes(graph);
  for (const value of dropped) {
    const isFixed = value.constant || graph.inputs.includes(value) || graph.isOutput(value);
    if (!isFixed && !value.name.endsWith('_quantized'))
      graph.rename(value, graph.uniqueName(`${value.name}_quantized`));
  }
  return dropped.length > 0;
}
