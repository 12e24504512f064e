import {
  type Graph,
  inferTypes,
  type Node,
  type Pass,
  type PassLog,
  standardRegistry,
  supersede,
  tensorType,
  type Value,
} from '@octavo/core/ir';
import { type QuantizedType, sameQuantization } from '@octavo/core/quant';
import { liftConstants } from './lift-constants.js';
import { hasOp } from './only-with.js';
import { assignIntegerTypes } from './qdq/integer-types.js';
import { QparamsReader } from './qdq/node-qparams.js';
import { biasType, claimOperands, type QuantizedOperand } from './qoperator/claims.js';
import { type RaisedForm, raises } from './qoperator/raises.js';

const STANDARD = standardRegistry();

const RAISES = new Map(raises.map((raise) => [raise.op.key, raise]));
const RAISED: ReadonlySet<string> = new Set(RAISES.keys());

/**
 * Turns the integer ops of older files (QLinearConv, QLinearMatMul and those of com.microsoft) into ordinary ops on
 * quantized values, and carries the types through data movement on integers. Run it before `fold-qdq`.
 * @throws GraphError `QDQ_SCALE` when a scale is NaN or infinite.
 */
export const raiseQoperator: Pass = { name: 'raise-qoperator', run };

async function run(graph: Graph, log: PassLog): Promise<boolean> {
  if (!hasOp(graph, RAISED) || !graph.nodes.some((node) => formOf(node))) return false;
  await liftConstants.run(graph, log);
  inferTypes(graph);
  const reader = new QparamsReader();
  await assignIntegerTypes(graph, reader, log, async (node) => {
    const form = formOf(node);
    if (!form || 'reason' in form) return form;
    return claimOperands(node, quantizedOf(form), reader);
  });
  let changed = false;
  for (const node of graph.sorted()) {
    const form = formOf(node);
    if (!form) continue;
    const problem = 'reason' in form ? form.reason : raise(graph, node, form);
    if (problem) log.declined('raise-qoperator', node.label, problem);
    else log.fired('raise-qoperator', node.label);
    changed ||= !problem;
  }
  return changed;
}

function formOf(node: Node): RaisedForm | { readonly reason: string } | undefined {
  return RAISES.get(node.op.key)?.form(node);
}

function quantizedOf({ operands, result }: RaisedForm): QuantizedOperand[] {
  return result ? [...operands, result] : [...operands];
}

/** Why the node stays as it is, or undefined when it was raised. */
function raise(graph: Graph, node: Node, form: RaisedForm): string | undefined {
  const plain = quantizedOf(form).find(({ value }) => !value.quantized);
  if (plain) return `${plain.value.name} has no quantized type`;
  if (STANDARD.lookup('', form.op.name, graph.opset).since !== form.op.since) {
    return `${form.op.name} means something else in opset ${graph.opset}`;
  }
  const [x, w] = form.operands.map(({ value }) => value.quantized);
  const bias = form.bias && x && w ? typedBias(graph, form.bias, biasType(x, w)) : undefined;
  if (form.bias && !bias) return `its bias ${form.bias.name} is not constant`;
  const { output: before } = node;
  if (!before) return 'it has no output';
  const output = graph.addValue(graph.uniqueName(before.name), before.type);
  const operands = form.operands.map(({ value }) => value);
  graph.addNode(form.op, {
    name: node.name,
    inputs: bias ? [...operands, bias] : operands,
    outputs: [output],
    attributes: form.attributes,
  });
  supersede(graph, before, output);
  return undefined;
}

/** The bias with its type; a copy where another op reads it with other scales. */
function typedBias(graph: Graph, bias: Value, type: QuantizedType): Value | undefined {
  if (!bias.constant || bias.dtype !== 'int32') return undefined;
  const taken = bias.quantized ? !sameQuantization(bias.quantized, type) : false;
  const value = taken ? graph.addInitializer(bias.name, bias.constant) : bias;
  value.type = tensorType('int32', bias.shape, type);
  return value;
}
