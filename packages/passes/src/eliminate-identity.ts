import {
  Cast,
  Concat,
  Dropout,
  Dropout7,
  Expand,
  eraseDead,
  Flatten,
  forward,
  forwardProblem,
  type Graph,
  Identity,
  inferTypes,
  type Node,
  Pad,
  type Pass,
  type PassLog,
  Reshape,
  Squeeze,
  Squeeze1,
  storedConstant,
  Transpose,
  Unsqueeze,
  Unsqueeze1,
  type Value,
} from '@octavo/core/ir';
import { sameQuantization } from '@octavo/core/quant';
import { dtypeFromOnnx, toNumbers } from '@octavo/core/tensor';

const always = (): boolean => true;

/** When a node gives its first input unchanged. */
const IDENTITIES: ReadonlyMap<string, (node: Node) => boolean> = new Map<string, (node: Node) => boolean>([
  [Identity.key, always],
  [Dropout7.key, always],
  [Dropout.key, isInference],
  [Cast.key, (node) => dtypeFromOnnx(Cast.attributes(node).to) === node.inputs[0]?.dtype],
  [Transpose.key, keepsOrder],
  [Concat.key, (node) => node.inputs.length === 1],
  [Pad.key, padsNothing],
  [Reshape.key, keepsShape],
  [Flatten.key, keepsShape],
  [Expand.key, keepsShape],
  [Squeeze.key, keepsShape],
  [Squeeze1.key, keepsShape],
  [Unsqueeze.key, keepsShape],
  [Unsqueeze1.key, keepsShape],
]);

/** Removes nodes that give their input unchanged: Identity, Dropout in inference, reshapes to the same shape ... */
export const eliminateIdentity: Pass = { name: 'eliminate-identity', run };

function run(graph: Graph, log: PassLog): boolean {
  inferTypes(graph);
  let changed = false;
  for (const node of graph.sorted()) {
    const test = IDENTITIES.get(node.op.key);
    if (!test || !graph.has(node)) continue;
    const input = node.inputs[0];
    const { output } = node;
    if (!input || !output || !test(node)) continue;
    const { label } = node;
    const problem =
      othersRead(graph, node) ?? qparamsProblem(input, output) ?? forwardProblem(graph, output, input);
    if (problem) {
      log.declined('eliminate-identity', label, problem);
      continue;
    }
    forward(graph, output, input);
    eraseDead(graph, [node]);
    log.fired('eliminate-identity', label);
    changed = true;
  }
  return changed;
}

function othersRead(graph: Graph, node: Node): string | undefined {
  const read = node.outputs.slice(1).find((value) => value && graph.isUsed(value));
  return read && `its output ${read.name} is read`;
}

function qparamsProblem(input: Value, output: Value): string | undefined {
  const [from, to] = [input.quantized, output.quantized];
  if (from === to || (from && to && sameQuantization(from, to))) return undefined;
  return 'it quantizes its input anew';
}

function isInference(node: Node): boolean {
  const { training_mode } = Dropout.inputs(node);
  if (!training_mode) return true;
  const mode = storedConstant(training_mode)?.peek();
  return mode !== undefined && toNumbers(mode)[0] === 0;
}

function keepsOrder(node: Node): boolean {
  const { perm } = Transpose.attributes(node);
  const rank = node.inputs[0]?.shape?.length;
  return perm ? perm.every((axis, i) => axis === i) : rank !== undefined && rank <= 1;
}

function padsNothing(node: Node): boolean {
  const pads = storedConstant(Pad.inputs(node).pads)?.peek();
  return pads !== undefined && toNumbers(pads).every((pad) => pad === 0);
}

/** Equal dimensions; a symbol is equal to itself, an unknown dimension to nothing. */
function keepsShape(node: Node): boolean {
  const [from, to] = [node.inputs[0]?.shape, node.output?.shape];
  if (!from || from.length !== to?.length) return false;
  return from.every((dim, axis) => dim !== null && dim === to[axis]);
}
