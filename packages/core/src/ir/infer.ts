import { GraphError, isInteger, OctavoError, type StoredTensor } from '../tensor/index.js';
import { storedConstant } from './constant-value.js';
import { contradiction, mergeDims, sameDims } from './dims.js';
import type { Graph } from './graph.js';
import { capturedValue, isCurrent, originOf, seenOf } from './inferred-node.js';
import type { Node } from './node.js';
import type { NodeContext } from './op.js';
import { propagateDims } from './symbolic-dims.js';
import type { TensorType, Value } from './value.js';

export interface InferOptions {
  /** Refuse types in the graph that contradict the inferred ones. Default: the inferred ones win. */
  readonly strict?: boolean | undefined;
}

/** Constants with more elements are of no interest to type inference. */
const LARGEST_CONSTANT = 4096;

/**
 * Fills in the types of all values that can be known: element types and shapes, symbolic dimensions included.
 * Shapes that the graph itself computes (Shape, Gather, Concat ...) are followed. Types that are already there are
 * kept where they say more, quantized types always. Nodes without definition infer nothing. A subgraph that is looked at
 * by itself, after the graph around it, captures what its node captures now, of the types and shapes last inferred there.
 * @throws GraphError `INFER_TYPES` with the node when its inputs contradict its op, or (strict) the type in the graph.
 */
export function inferTypes(graph: Graph, options: InferOptions = {}): void {
  const strict = options.strict ?? false;
  for (const inner of graph.captures) inner.type = capturedValue(inner)?.type ?? inner.type;
  graph.sorted().forEach((node) => {
    const opset = graph.opsets.get(node.op.domain) ?? 1;
    const isNesting = node.subgraphs.length > 0;
    // What is inferred inside may change unseen.
    const found = isNesting || strict ? undefined : node.inferred;
    if (found && isCurrent(found, node, opset)) return;
    try {
      if (isNesting) inferSubgraphs(node, strict);
      if (node.op.known) inferNode(node, opset, strict);
    } catch (error) {
      throw placed(error, node);
    }
  });
}

function inferSubgraphs(node: Node, strict: boolean): void {
  for (const { graph } of node.subgraphs) {
    graph.captures.forEach((inner, position) => {
      inner.captured = { node, graph, position };
    });
    inferInside(graph, strict);
  }
}

/** A branch that does not fit what it captures is no fault: it may be there for other shapes, and not be taken. */
function inferInside(inner: Graph, strict: boolean): void {
  try {
    inferTypes(inner, { strict });
  } catch (error) {
    if (strict || !(error instanceof OctavoError)) throw error;
  }
}

function inferNode(node: Node, opset: number, strict: boolean): void {
  const { outputs } = node;
  const seen = node.subgraphs.length > 0 ? undefined : seenOf(node, opset);
  const inferred = node.op.infer({ node, opset, constant: lookup.constant, dims: lookup.dims });
  const types: (TensorType | undefined)[] = new Array(outputs.length);
  for (let i = 0; i < outputs.length; i++) {
    const value = outputs[i];
    const type = inferred[i];
    if (value && type) assign(value, type, strict);
    types[i] = value?.tensorType;
  }
  const followed = node.output && propagateDims(node, lookup);
  if (seen) node.inferred = { seen, types, dims: followed };
}

function assign(value: Value, inferred: TensorType, strict: boolean): void {
  const declared = value.tensorType;
  if (!declared) {
    value.type = inferred;
    return;
  }
  const dtype = declared.quantized ? declared.dtype : inferred.dtype;
  if (strict && dtype !== declared.dtype) {
    contradiction(`${value.name} is declared as ${declared.dtype}, its node gives ${inferred.dtype}.`);
  }
  if (dtype === declared.dtype && sameDims(inferred.shape, declared.shape)) return;
  const shape = mergedShape(declared, inferred, strict);
  if (dtype !== declared.dtype || !sameDims(shape, declared.shape))
    value.type = { ...declared, dtype, shape };
}

function mergedShape(declared: TensorType, inferred: TensorType, strict: boolean): TensorType['shape'] {
  try {
    return mergeDims(inferred.shape, declared.shape);
  } catch (error) {
    if (strict) throw error;
    return inferred.shape;
  }
}

/** What ops may ask, one object for all nodes. */
const lookup: Pick<NodeContext, 'constant' | 'dims'> = {
  constant: (value) => value && smallConstant(value.captured ? originOf(value) : value)?.peek(),
  dims(value) {
    if (!value) return undefined;
    const origin = value.captured ? originOf(value) : value;
    const { producer } = origin;
    const followed = producer?.output === origin ? producer.inferred?.dims : undefined;
    if (followed) return followed;
    const stored = smallConstant(origin);
    if (!stored || stored.shape.length > 1 || !(isInteger(stored.dtype) || stored.dtype === 'bool'))
      return undefined;
    return stored.peekNumbers();
  },
};

/** A constant that is small enough to be looked into. */
function smallConstant(value: Value): StoredTensor | undefined {
  const stored = storedConstant(value);
  return stored && stored.size <= LARGEST_CONSTANT ? stored : undefined;
}

function placed(error: unknown, node: Node): unknown {
  if (!(error instanceof OctavoError) || (error instanceof GraphError && error.where)) return error;
  return new GraphError({
    code: error instanceof GraphError ? error.code : 'INFER_TYPES',
    where: `node ${node.label} (${node.op.name})`,
    message: error.fault,
    remedy: error.remedy,
    cause: error,
  });
}
