import {
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
import { isUsed } from './fused/is-used.js';
import { precisionOf } from './fused/precision.js';

/** Why a graph cannot have an op, or undefined when it can. */
export type OpCheck = (graph: Graph, op: Op) => string | undefined;

const biasGelu = defineRule({
  name: 'standardize-bias-gelu',
  pattern: match.op(BiasGelu),
  rewrite(_, graph, node) {
    const { A, B } = BiasGelu.inputs(node);
    const { sumOf, narrow } = precisionOf(graph, node);
    const fresh = graph.emit(MicrosoftGelu, { X: sumOf(A, B) }, {}, { name: node.name });
    replaceOutputs(graph, node, [narrow(fresh.output, node.output)]);
  },
});

function fastGelu(check: OpCheck): Rule {
  return defineRule({
    name: 'standardize-fast-gelu',
    pattern: match.op(FastGelu),
    declines: (_, graph) => check(graph, Gelu),
    rewrite(_, graph, node) {
      const { X, bias } = FastGelu.inputs(node);
      const { sumOf, narrow } = precisionOf(graph, node);
      const fresh = graph.emit(Gelu, { X: sumOf(X, bias) }, { approximate: 'tanh' }, { name: node.name });
      replaceOutputs(graph, node, [narrow(fresh.output, node.output)]);
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
      const { sumOf, wide, narrow } = precisionOf(graph, node);
      const sum = sumOf(input, skip, bias);
      const further = isUsed(graph, node.outputs[1]) || isUsed(graph, node.outputs[2]);
      const isNormalized = further || isUsed(graph, node.output);
      const operands = () => ({ X: sum, Scale: wide(gamma), B: beta && wide(beta) });
      const options = { name: node.name, outputs: further ? 3 : 1 };
      const fresh = isNormalized && graph.emit(LayerNormalization, operands(), { epsilon }, options);
      const [normalized, mean, inverse] = fresh ? fresh.outputs : [];
      if (!fresh) nameSum(sum, node);
      const total = narrow(sum, node.outputs[3]);
      replaceOutputs(graph, node, [narrow(normalized, node.output), mean, inverse, total]);
    },
  });
}

/** Where nothing reads the normalized sum, the sum is what is left of a node. */
function nameSum({ producer }: Value, { name }: Node): void {
  if (producer) producer.name = name;
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
      const { sumOf, wide, narrow } = precisionOf(graph, node);
      const sum = sumOf(input, skip, bias);
      const operands = () => ({ X: sum, scale: wide(gamma) });
      const fresh =
        isUsed(graph, node.output) &&
        graph.emit(RMSNormalization, operands(), { epsilon }, { name: node.name });
      if (!fresh) nameSum(sum, node);
      const normalized = fresh ? narrow(fresh.output, node.output) : undefined;
      replaceOutputs(graph, node, [normalized, undefined, undefined, narrow(sum, node.outputs[3])]);
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

/** Gives each output that is read its new form, by position. */
function replaceOutputs(graph: Graph, node: Node, fresh: readonly (Value | undefined)[]): void {
  const read = node.outputs.map((value) => (isUsed(graph, value) ? value : undefined));
  read.forEach((from, index) => {
    const to = fresh[index];
    if (from && to) supersede(graph, from, to);
  });
}
