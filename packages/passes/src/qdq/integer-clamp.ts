import { Clip, type Graph, type Node, type Value } from '@octavo/core/ir';
import { dequantize, isStorageDType, type QuantizedType, type StorageDType } from '@octavo/core/quant';
import { StoredTensor, type Tensor } from '@octavo/core/tensor';

/** Whether a node clamps stored integers to constant ones: between values of one scale it keeps their meaning. */
export function clampsIntegers(node: Node): boolean {
  if (!Clip.is(node)) return false;
  const { input, min, max } = Clip.inputs(node);
  const isStored = input.dtype !== undefined && isStorageDType(input.dtype);
  return isStored && !input.quantized && [min, max].every((bound) => !bound || bound.constant?.peek());
}

/** A clamp of quantized values has real bounds: those that its integers stand for, which quantize to them again. */
export function restoreBounds(graph: Graph): void {
  for (const node of graph.nodes) {
    if (node.op.key !== Clip.key) continue;
    const { input, min, max } = Clip.inputs(node);
    const { quantized } = input;
    if (!quantized) continue;
    [min, max].forEach((bound, i) => {
      if (bound) restoreBound(graph, node, i + 1, bound, quantized);
    });
  }
}

function restoreBound(graph: Graph, node: Node, index: number, bound: Value, type: QuantizedType): void {
  const tensor = bound.constant?.peek();
  if (!tensor || !isStored(tensor)) return;
  node.setInput(index, graph.addInitializer(bound.name, StoredTensor.of(dequantize(tensor, type))));
}

function isStored(tensor: Tensor): tensor is Tensor<StorageDType> {
  return isStorageDType(tensor.dtype);
}
