import { Add, type Graph, MatMul, type Node, type Value } from '@octavo/core/ir';
import { StoredTensor } from '@octavo/core/tensor';
import { dropUnused } from './insert-qdq.js';

/**
 * Writes the bias that follows a product of more than two dimensions as a row [1, N]: the same sums. onnxruntime fuses such a
 * product of fixed shape with a bias [N] into a Gemm between two Reshapes before it looks for quantized operands, and then
 * computes it in float; a bias of two dimensions it leaves alone (MatMulAddFusion of 1.30). A product of one dimension would
 * become a row with its bias.
 */
export async function keepBiasesApart(graph: Graph, nodes: Iterable<Node>): Promise<void> {
  const rows = new Map<Value, Value>();
  for (const product of nodes) {
    const sum = product.output;
    if (!MatMul.is(product) || !sum || graph.isOutput(sum) || (sum.shape?.length ?? 0) < 3) continue;
    for (const node of sum.users) {
      const bias = Add.is(node) ? node.inputs.find((value) => value !== sum) : undefined;
      if (bias?.constant?.shape.length !== 1 || graph.inputs.includes(bias)) continue;
      const row = rows.get(bias) ?? (await rowOf(graph, bias, bias.constant));
      rows.set(bias, row);
      node.replaceOperand(bias, row);
      dropUnused(graph, bias);
    }
  }
}

async function rowOf(graph: Graph, { name }: Value, constant: StoredTensor): Promise<Value> {
  const tensor = await constant.load();
  return graph.addInitializer(`${name}_row`, StoredTensor.of(tensor.reshape([1, ...tensor.shape])));
}
