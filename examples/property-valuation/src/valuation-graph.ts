import {
  Add,
  createModel,
  Gemm,
  Graph,
  type Model,
  Mul,
  type Op,
  Relu,
  Sub,
  tensorType,
  type Value,
} from '@octavo/core/ir';
import { float32, StoredTensor } from '@octavo/core/tensor';
import type { ValuationModel } from './valuation-model.js';

/**
 * The model as an ONNX graph of opset 21: `features` float32 [N, F] to `log_price` float32 [N, 1],
 * the natural logarithm of the price in EUR. Standardization is part of the graph, so that callers
 * pass features as the CSV files hold them. Weights are rounded once, to float32.
 */
export function createValuationGraph(model: ValuationModel): Model {
  const graph = new Graph(new Map([['', 21]]));
  graph.name = 'property-valuation';
  const width = model.featureMean.length;
  let value = graph.addInput('features', tensorType('float32', ['N', width]));
  value = apply(graph, Sub, 'centred', [value, constant(graph, 'feature_mean', model.featureMean)]);
  const inverse = constant(graph, 'feature_inverse_deviation', model.featureInverseDeviation);
  value = apply(graph, Mul, 'standardized', [value, inverse]);
  value = addMlp(graph, value, model);
  const deviation = constant(graph, 'target_deviation', [model.targetDeviation]);
  value = apply(graph, Mul, 'scaled', [value, deviation]);
  value = apply(graph, Add, 'log_price', [value, constant(graph, 'target_mean', [model.targetMean])]);
  value.type = tensorType('float32', ['N', 1]);
  graph.outputs.push(value);
  return createModel(graph);
}

function addMlp(graph: Graph, input: Value, { mlp }: ValuationModel): Value {
  let value = input;
  for (const [index, { inputs, outputs, weight, bias }] of mlp.entries()) {
    const weightValue = constant(graph, `weight_${index}`, weight, [inputs, outputs]);
    const biasValue = constant(graph, `bias_${index}`, bias);
    value = apply(graph, Gemm, `dense_${index}`, [value, weightValue, biasValue]);
    if (index < mlp.length - 1) {
      value = apply(graph, Relu, `rectified_${index}`, [value]);
    }
  }
  return value;
}

/** Adds a node named after its one output, with the op's default attributes. */
function apply(graph: Graph, op: Op, name: string, inputs: readonly Value[]): Value {
  const output = graph.addValue(name);
  graph.addNode(op, { name, inputs, outputs: [output] });
  return output;
}

function constant(graph: Graph, name: string, values: Iterable<number>, shape?: readonly number[]): Value {
  return graph.addInitializer(name, StoredTensor.of(float32(values, shape)));
}
