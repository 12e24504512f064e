import {
  Add,
  BiasGelu,
  Cast,
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
import { DTYPES, type DType, isHalf, widenedConstant } from '@octavo/core/tensor';

/** Why a graph cannot have an op, or undefined when it can. */
export type OpCheck = (graph: Graph, op: Op) => string | undefined;

const biasGelu = defineRule({
  name: 'standardize-bias-gelu',
  pattern: match.op(BiasGelu),
  rewrite(_, graph, node) {
    const { A, B } = BiasGelu.inputs(node);
    const { sumOf, narrow } = precisionOf(graph, node);
    const fresh = graph.emit(MicrosoftGelu, { X: sumOf(A, B) }, {}, { name: node.name });
    replaceOutputs(graph, node, [narrow(fresh.output)]);
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
      replaceOutputs(graph, node, [narrow(fresh.output)]);
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
      const outputs = isUsed(graph, node.outputs[1]) || isUsed(graph, node.outputs[2]) ? 3 : 1;
      const operands = { X: sum, Scale: wide(gamma), B: beta && wide(beta) };
      const fresh = graph.emit(LayerNormalization, operands, { epsilon }, { name: node.name, outputs });
      const [normalized, mean, inverse] = fresh.outputs;
      const total = isUsed(graph, node.outputs[3]) ? narrow(sum) : undefined;
      replaceOutputs(graph, node, [narrow(normalized), mean, inverse, total]);
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
      const { sumOf, wide, narrow } = precisionOf(graph, node);
      const sum = sumOf(input, skip, bias);
      const operands = { X: sum, scale: wide(gamma) };
      const fresh = graph.emit(RMSNormalization, operands, { epsilon }, { name: node.name });
      const total = isUsed(graph, node.outputs[3]) ? narrow(sum) : undefined;
      replaceOutputs(graph, node, [narrow(fresh.output), undefined, undefined, total]);
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

/** How the parts of a node compute: as onnxruntime does, which rounds halves where it is done and not in between. */
interface Precision {
  /** In the order of onnxruntime's sums, whose roundings are the same. */
  sumOf(first: Value, ...others: readonly (Value | undefined)[]): Value;
  wide(value: Value): Value;
  narrow(value: Value | undefined): Value | undefined;
}

function precisionOf(graph: Graph, node: Node): Precision {
  const half = node.inputs.map((value) => value?.dtype).find((dtype) => dtype && isHalf(dtype));
  const cast = (input: Value, dtype: DType) =>
    graph.emit(Cast, { input }, { to: DTYPES[dtype].onnx }).output ?? input;
  const wide = (value: Value) => {
    if (!half) return value;
    if (!value.constant) return cast(value, 'float32');
    return graph.addInitializer(value.name, widenedConstant(value.constant));
  };
  return {
    sumOf: (first, ...others) =>
      others.reduce<Value>(
        (sum, term) => (term && graph.emit(Add, { A: sum, B: wide(term) }).output) ?? sum,
        wide(first),
      ),
    wide,
    narrow: (value) => (half && value ? cast(value, half) : value),
  };
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
