import { inferTypes, knownShape, type Node, type Subgraph, type TensorType } from '@octavo/core/ir';
import { GraphError, sameShape } from '@octavo/core/tensor';
import { type StandaloneGraph, standalone } from './subgraph-plan.js';

/** What a node with a repeated body gives it in each round. */
export interface BodyInputs {
  /** The types of the body's inputs. */
  readonly types: readonly (TensorType | undefined)[];
  /** Where the states begin among the inputs and among the outputs, and how many there are. */
  readonly firstInput: number;
  readonly firstOutput: number;
  readonly states: number;
}

/** The body for inputs of these types, or why it cannot be compiled for them once. */
export function repeatedBody(
  subgraph: Subgraph,
  node: Node,
  { types, firstInput, firstOutput, states }: BodyInputs,
): StandaloneGraph | string {
  const body = standalone(subgraph, node);
  const { inputs, outputs } = body.graph;
  for (const [index, type] of types.entries()) {
    const input = inputs[index];
    if (!input || !type || !knownShape(type.shape)) return `the shape of its input ${index} is not known`;
    input.type = type;
  }
  try {
    inferTypes(body.graph);
  } catch (error) {
    if (error instanceof GraphError) return `its body does not fit its inputs: ${error.message}`;
    throw error;
  }
  for (let state = 0; state < states; state++) {
    const [before, after] = [types[firstInput + state], outputs[firstOutput + state]?.tensorType];
    if (!before || !after || !hasSameType(before, after))
      return `its body may change the shape of state ${state}`;
  }
  return body;
}

function hasSameType(a: TensorType, b: TensorType): boolean {
  const [left, right] = [knownShape(a.shape), knownShape(b.shape)];
  return a.dtype === b.dtype && left !== undefined && right !== undefined && sameShape(left, right);
}
