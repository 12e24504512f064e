import {
  channelsFirstDims,
  type Dims,
  type Graph,
  inferTypes,
  MicrosoftQLinearConv,
  type Node,
  type Op,
  type Pass,
  QLinearAveragePool,
  QLinearConv,
  QLinearGlobalAveragePool,
  supersede,
  Transpose,
  typeOf,
  type Value,
} from '@octavo/core/ir';

/** onnxruntime's ops whose first input and output may have their channels last, and what they are without that. */
const FORMS: ReadonlyMap<string, Op> = new Map<string, Op>([
  [MicrosoftQLinearConv.key, QLinearConv],
  [QLinearAveragePool.key, QLinearAveragePool],
  [QLinearGlobalAveragePool.key, QLinearGlobalAveragePool],
]);

/**
 * Turns ops with channels last, as onnxruntime's optimizer leaves them in saved models, into the usual ones between
 * transposes; those of neighbours cancel.
 */
export const channelsFirst: Pass = {
  name: 'channels-first',
  run(graph, log) {
    const found: { node: Node; form: Op }[] = [];
    for (const node of graph.sorted()) {
      const form = FORMS.get(node.op.key);
      if (form && (!form.is(node) || isLast(node))) found.push({ node, form });
    }
    if (found.length > 0) inferTypes(graph);
    let changed = false;
    for (const { node, form } of found) {
      const reason = rewrite(graph, node, form);
      if (reason) log.declined('channels-first', node.label, reason);
      else log.fired('channels-first', node.label);
      changed ||= !reason;
    }
    return changed;
  },
};

function isLast(node: Node): boolean {
  const attribute = node.attributes.get('channels_last');
  return attribute?.kind === 'int' && Number(attribute.value) !== 0;
}

/** Why the node stays, or undefined when it was replaced. */
function rewrite(graph: Graph, node: Node, op: Op): string | undefined {
  const [x, ...rest] = node.inputs;
  const { output: before } = node;
  const rank = x?.shape?.length;
  if (!x || !before) return 'it lacks its input or output';
  if (isLast(node) && rank === undefined) return 'the rank of its input is not known';
  const attributes = new Map([...node.attributes].filter(([name]) => name !== 'channels_last'));
  const first = isLast(node) && rank ? toFirst(graph, x, rank) : x;
  const dims = isLast(node) ? channelsFirstDims(before.shape) : before.shape;
  const output = graph.addValue(graph.uniqueName(before.name), typeOf(before.dtype, dims));
  graph.addNode(op, { name: node.name, inputs: [first, ...rest], outputs: [output], attributes });
  supersede(
    graph,
    before,
    isLast(node) && rank ? permute(graph, output, lastOrder(rank), before.shape) : output,
  );
  return undefined;
}

/** `[N, C, spatial...]` of a value with channels last: what was moved there is taken from before the move. */
function toFirst(graph: Graph, x: Value, rank: number): Value {
  const source = x.producer;
  if (Transpose.is(source)) {
    const { perm } = Transpose.attributes(source);
    if (perm?.every((axis, i) => axis === lastOrder(rank)[i])) return Transpose.inputs(source).data;
  }
  const order = Array.from({ length: rank }, (_, i) => (i === 0 ? 0 : i === 1 ? rank - 1 : i - 1));
  return permute(graph, x, order, channelsFirstDims(x.shape));
}

function lastOrder(rank: number): number[] {
  return [0, ...Array.from({ length: rank - 2 }, (_, i) => i + 2), 1];
}

function permute(graph: Graph, data: Value, perm: readonly number[], shape: Dims): Value {
  const node = graph.emit(Transpose, { data }, { perm }, { name: `${data.name}/channels` });
  if (!node.output) throw new Error('Transpose has an output');
  node.output.type = typeOf(data.dtype, shape);
  return node.output;
}
