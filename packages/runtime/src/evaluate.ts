import type { Backend } from '@octavo/backend';
import type { Value } from '@octavo/core/ir';
import type { Tensor } from '@octavo/core/tensor';
import type { NodeEvaluator } from '@octavo/passes';

/** An evaluator for constant folding that runs single nodes on a backend; throws what the backend does, as for results over the limit. */
export function evaluateOn(backend: Backend): NodeEvaluator {
  return async (graph, node, inputs, maxTensorBytes) => {
    const opset = graph.opsets.get(node.op.domain) ?? graph.opset;
    if (node.subgraphs.length > 0 || !backend.supports(node, { graph, opset }).supported) return undefined;
    const byValue = new Map(node.inputs.map((value, index) => [value, inputs[index]]));
    const subgraph = {
      graph,
      nodes: [node],
      inputs: [],
      outputs: node.outputs.filter((value) => value !== undefined),
      constant: async (value: Value) => byValue.get(value) ?? (await loadConstant(value.constant)),
    };
    using executable = await backend.compile(subgraph, { maxTensorBytes });
    return await executable.run([]);
  };
}

async function loadConstant(constant: { load(): Promise<Tensor> } | undefined): Promise<Tensor> {
  if (!constant) throw new Error('a folded node reads constants only');
  return constant.load();
}
