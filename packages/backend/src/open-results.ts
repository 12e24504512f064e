import { Graph, knownShape, type Node, tensorType, type Value } from '@octavo/core/ir';
import { checkTensorBytes, isInteger, OctavoError, type Tensor, toNumbers } from '@octavo/core/tensor';
import type { Operands } from './kernel.js';

/** Operands with more elements are no shapes. */
const LONGEST_SHAPE = 4096;

/**
 * Checks the size of what a node gives before it is computed, where only the operands of a run tell it: type inference
 * is asked again with their shapes and elements.
 */
export class OpenResults {
  private readonly node: Node;
  private readonly opset: number;
  private readonly limit: number;
  private readonly tensors = new Map<Value, Tensor>();

  /** Undefined where the size of every result is known, and where it follows from subgraphs. */
  static of(node: Node, opset: number, limit: number): OpenResults | undefined {
    const isOpen = node.outputs.some((value) => value && !knownShape(value.shape));
    return isOpen && node.op.known && node.subgraphs.length === 0
      ? new OpenResults(node, opset, limit)
      : undefined;
  }

  private constructor(node: Node, opset: number, limit: number) {
    // A copy, because the types of its operands are those of one run.
    const graph = new Graph();
    const values = new Map<Value, Value>();
    for (const value of new Set(node.operands)) values.set(value, graph.addValue(value.name, value.type));
    this.node = graph.addNode(node.op, {
      inputs: node.inputs.map((value) => value && values.get(value)),
      outputs: node.outputs.map((value) => value && graph.addValue(graph.uniqueName('result'))),
      attributes: node.attributes,
    });
    this.opset = opset;
    this.limit = limit;
  }

  /** @throws TensorError `TENSOR_TOO_LARGE` when a result takes more bytes than the limit. */
  check(operands: Operands): void {
    for (const type of this.types(operands)) {
      const shape = knownShape(type?.shape);
      if (type && shape) checkTensorBytes(type.dtype, shape, this.limit);
    }
  }

  private types(operands: Operands) {
    this.node.inputs.forEach((value, index) => {
      const tensor = operands[index];
      if (!value || !tensor) return;
      value.type = tensorType(tensor.dtype, tensor.shape, value.quantized);
      this.tensors.set(value, tensor);
    });
    const { node, opset } = this;
    try {
      return node.op.infer({
        node,
        opset,
        constant: (value) => this.small(value),
        dims: (value) => {
          const tensor = this.small(value);
          return tensor && isInteger(tensor.dtype) ? Array.from(toNumbers(tensor)) : undefined;
        },
      });
    } catch (error) {
      // Operands that contradict each other: the kernel knows better how to say it.
      if (error instanceof OctavoError) return [];
      throw error;
    } finally {
      this.tensors.clear();
    }
  }

  private small(value: Value | undefined): Tensor | undefined {
    const tensor = value && this.tensors.get(value);
    return tensor && tensor.size <= LONGEST_SHAPE ? tensor : undefined;
  }
}
