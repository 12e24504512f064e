import {
  Add,
  BiasGelu,
  defineRule,
  FastGelu,
  Gelu,
  type Graph,
  LayerNormalization,
  MicrosoftGelu,
  match,
  type Node,
  type Op,
  RMSNormalization,
  type Rule,
  SimplifiedLayerNormalization,
  SkipLayerNormalization,
  SkipSimplifiedLayerNormalization,
  supersede,
  type Value,
} from '@octavo/core/ir';

/** Why a graph cannot have an op, or undefined when it can. */
export type OpCheck = (graph: Graph, op: Op) => string | undefined;

const biasGelu = defineRule({
  name: 'standardize-bias-gelu',
  pattern: match.op(BiasGelu),
  rewrite(_, graph, node) {
    const { A, B } = BiasGelu.inputs(node);
    const fresh = graph.emit(MicrosoftGelu, { X: sumOf(graph, A, B) }, {}, { name: node.name });
    replaceOutputs(graph, node, fresh.outputs);
  },
});

function fastGelu(check: OpCheck): Rule {
  return defineRule({
    name: 'standardize-fast-gelu',
    pattern: match.op(FastGelu),
    declines: (_, graph) => check(graph, Gelu),
    rewrite(_, graph, node) {
      const { X, bias } = FastGelu.inputs(node);
      const sum = sumOf(graph, X, bias);
      const fresh = graph.emit(Gelu, { X: sum }, { approximate: 'tanh' }, { name: node.name });
      replaceOutputs(graph, node, fresh.outputs);
    },
  });
}

function skipLayerNormalization(check: OpCheck): Rule {
  return defineRule({
    name: 'standardize-skip-layer-normalization',
    pattern: match.op(SkipLayerNormalization),
    declines: (_, graph) => check(graph, LayerNormalization),
    rewrite(_, graph, node) {
      const { input, skip, bias, gamma, beta } = SkipLayerNormalization.inputs(node);
      const { epsilon } = SkipLayerNormalization.attributes(node);
      const sum = sumOf(graph, input, skip, bias);
      const outputs = isUsed(graph, node.outputs[1]) || isUsed(graph, node.outputs[2]) ? 3 : 1;
      const operands = { X: sum, Scale: gamma, B: beta };
      const fresh = graph.emit(LayerNormalization, operands, { epsilon }, { name: node.name, outputs });
      replaceOutputs(graph, node, [fresh.outputs[0], fresh.outputs[1], fresh.outputs[2], sum]);
    },
  });
}

function skipSimplified(check: OpCheck): Rule {
  return defineRule({
    name: 'standardize-skip-simplified-layer-normalization',
    pattern: match.op(SkipSimplifiedLayerNormalization),
    declines: (_, graph, { outputs }) =>
      isUsed(graph, outputs[1]) || isUsed(graph, outputs[2])
        ? 'RMSNormalization gives no mean or deviation'
        : check(graph, RMSNormalization),
    rewrite(_, graph, node) {
      const { input, skip, bias, gamma } = SkipSimplifiedLayerNormalization.inputs(node);
      const { epsilon } = SkipSimplifiedLayerNormalization.attributes(node);
      const sum = sumOf(graph, input, skip, bias);
      const fresh = graph.emit(RMSNormalization, { X: sum, scale: gamma }, { epsilon }, { name: node.name });
      replaceOutputs(graph, node, [fresh.output, undefined, undefined, sum]);
    },
  });
}

function simplified(check: OpCheck): Rule {
  return defineRule({
    name: 'standardize-simplified-layer-normalization',
    pattern: match.op(SimplifiedLayerNormalization),
    declines: (_, graph, node) =>
      isUsed(graph, node.outputs[1]) ? 'RMSNormalization gives no deviation' : check(graph, RMSNormalization),
    rewrite(_, graph, node) {
      const inputs = SimplifiedLayerNormalization.inputs(node);
      const attributes = SimplifiedLayerNormalization.attributes(node);
      const fresh = graph.emit(RMSNormalization, inputs, attributes, { name: node.name });
      replaceOutputs(graph, node, fresh.outputs);
    },
  });
}

/** onnxruntime's sums before an activation or a normalization, as sums and what ONNX has, where the graph can have it. */
export function fusedRules(check: OpCheck): readonly Rule[] {
  return [biasGelu, fastGelu(check), skipLayerNormalization(check), skipSimplified(check), simplified(check)];
}

/** In the order of onnxruntime's sums: the roundings are the same. */
function sumOf(graph: Graph, first: Value, ...others: readonly (Value | undefined)[]): Value {
  return others.reduce<Value>(
    (sum, term) => (term && graph.emit(Add, { A: sum, B: term }).output) ?? sum,
    first,
  );
}

function isUsed(graph: Graph, value: Value | undefined): boolean {
  return value !== undefined && graph.isUsed(value);
}

/** Gives each output that is read its new form, by position. */
function replaceOutputs(graph: Graph, node: Node, fresh: readonly (Value | undefined)[]): void {
  const read = node.outputs.map((value) => (isUsed(graph, value) ? value : undefined));
  read.forEach((from, index) => {
    const to = fresh[index];
    if (from && to) supersede(graph, from, to);
  });
}
