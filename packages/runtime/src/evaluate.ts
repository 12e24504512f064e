import type { Backend, EvaluationContext, Operands } from '@octavo/backend';
import type { Node, Value } from '@octavo/core/ir';
import type { Tensor } from '@octavo/core/tensor';
import type { NodeEvaluator } from '@octavo/passes';

/** An evaluator for constant folding that runs single nodes on a backend; throws what the backend does, as for results over the limit. */
export function evaluateOn(backend: Backend): NodeEvaluator {
  return async (graph, node, inputs, maxTensorBytes) => {
    if (node.subgraphs.length > 0) return undefined;
    const context = { graph, opset: graph.opsetOf(node), maxTensorBytes };
    if (backend.evaluate) return backend.evaluate(node, inputs, context);
    return backend.supports(node, context).supported
      ? compileAlone(backend, node, inputs, context)
      : undefined;
  };
}

/** What a subgraph of one node gives. */
async function compileAlone(
  backend: Backend,
  node: Node,
  inputs: Operands,
  { graph, maxTensorBytes }: EvaluationContext,
): Promise<readonly Tensor[]> {
  const byValue = new Map(node.inputs.map((value, index) => [value, inputs[index]]));
  // What a node computes, as `Constant` does, is no constant to a backend.
  const computed = [...new Set(node.operands.filter((value) => !value.constant))];
  const subgraph = {
    graph,
    nodes: [node],
    inputs: computed,
    outputs: node.outputs.filter((value) => value !== undefined),
    constant: async (value: Value) => byValue.get(value) ?? (await loadConstant(value.constant)),
  };
  using executable = await backend.compile(subgraph, { maxTensorBytes });
  return await executable.run(computed.flatMap((value) => byValue.get(value) ?? []));
}

async function loadConstant(constant: { load(): Promise<Tensor> } | undefined): Promise<Tensor> {
  if (!constant) throw new Error('a folded node reads constants only');
  return constant.load();
}
