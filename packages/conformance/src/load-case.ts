import { type Subgraph, wholeGraph } from '@octavo/backend';
import { type Graph, inferTypes, knownShape, parse, type Value, verify } from '@octavo/core/ir';
import { OctavoError, StoredTensor, type Tensor } from '@octavo/core/tensor';
import type { ConformanceCase, Fill } from './conformance-case.js';
import { fillTensor } from './fill.js';

/** A case with its constants in place, ready for a backend. */
export interface LoadedCase {
  readonly graph: Graph;
  /** The whole graph as a backend compiles it. */
  readonly subgraph: Subgraph;
  /** Inputs in the order of the subgraph's, filled by `fill` where the case does not say. */
  feeds(fill: Fill): Tensor[];
}

/**
 * Parses a case and fills its constants.
 * @throws GraphError when its text or types are wrong, OctavoError `CONFORMANCE_CASE` when a filled value has no shape
 */
export function loadCase(test: ConformanceCase): LoadedCase {
  const graph = parse(test.graph);
  for (const value of graph.values) {
    if (!value.producer && !value.constant && !graph.inputs.includes(value)) {
      value.constant = StoredTensor.of(tensorFor(test, value, 'random'));
    }
  }
  inferTypes(graph);
  verify(graph);
  return {
    graph,
    subgraph: wholeGraph(graph),
    feeds: (fill) => graph.inputs.map((value) => tensorFor(test, value, fill)),
  };
}

function tensorFor({ name, values = {} }: ConformanceCase, value: Value, fill: Fill): Tensor {
  const given = values[value.name];
  if (given !== undefined && typeof given !== 'string') return given;
  const shape = knownShape(value.shape);
  if (!shape || value.dtype === undefined) return refuse(value, 'has no dtype or shape to fill');
  return fillTensor(value.dtype, shape, given ?? fill, `${name}/${value.name}/${fill}`);
}

function refuse(value: Value, why: string): never {
  throw new OctavoError({ code: 'CONFORMANCE_CASE', where: `value ${value.name}`, message: `it ${why}.` });
}
