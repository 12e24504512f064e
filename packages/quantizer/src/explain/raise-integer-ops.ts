import { cloneModel, inferTypes, type Model, runPasses } from '@octavo/core/ir';
import { materializeQdq, raiseOpset, raiseQoperator } from '@octavo/passes';

/** Integer ops of QOperator files. */
const INTEGER_OP = /^Q[A-Z]\w*$/;

/** Q/DQ pairs hold a scale for each channel since this opset. */
const PAIRS_OPSET = 13;

/** Whether a model has integer ops (QLinearConv, QLinearMatMul, QGemm ...). */
export function hasIntegerOps({ graph }: Model): boolean {
  return graph.nodes.some(({ op }) => op.name !== 'QuantizeLinear' && INTEGER_OP.test(op.name));
}

/** The same model with Q/DQ pairs in the place of integer ops: what they compute, with their numbers. */
export async function raiseIntegerOps(quantized: Model): Promise<Model> {
  if (!hasIntegerOps(quantized)) return quantized;
  const model = cloneModel(quantized);
  await runPasses(model.graph, [raiseOpset(PAIRS_OPSET), raiseQoperator, materializeQdq]);
  inferTypes(model.graph);
  return model;
}
