import { GraphError, isInteger, OctavoError, type StoredTensor, type Tensor } from '../tensor/index.js';
import { storedConstant } from './constant-value.js';
import { contradiction, mergeDims, sameDims } from './dims.js';
import type { Graph } from './graph.js';
import { capturedValue, followedElements, isCurrent, type Knowledge, seenOf } from './inferred-node.js';
import type { Node } from './node.js';
import type { NodeContext } from './op.js';
import { propagateDims } from './symbolic-dims.js';
import type { Dim, TensorType, Value } from './value.js';

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
  new Inference(graph, options).run();
}

class Inference implements Knowledge {
  private readonly graph: Graph;
  private readonly options: InferOptions;
  private readonly known = new Map<Value, readonly Dim[]>();
  /** What ops may ask, one object for all nodes. */
  private readonly lookup: Pick<NodeContext, 'constant' | 'dims'> = {
    constant: (value) => this.constant(value),
    dims: (value) => this.dims(value),
  };

  constructor(graph: Graph, options: InferOptions) {
    this.graph = graph;
    this.options = options;
  }

  run(): void {
    for (const inner of this.graph.captures) inner.type = capturedValue(inner)?.type ?? inner.type;
    for (const node of this.graph.sorted()) {
      try {
        const { subgraphs } = node;
        if (subgraphs.length > 0) this.inferSubgraphs(node);
        this.inferNode(node, subgraphs.length > 0);
      } catch (error) {
        throw placed(error, node);
      }
    }
  }

  private inferSubgraphs(node: Node): void {
    for (const { graph } of node.subgraphs) {
      for (const [position, inner] of graph.captures.entries()) inner.captured = { node, graph, position };
      this.inferInside(new Inference(graph, this.options));
    }
  }

  /** A branch that does not fit what it captures is no fault: it may be there for other shapes, and not be taken. */
  private inferInside(inner: Inference): void {
    try {
      inner.run();
    } catch (error) {
      if (this.options.strict || !(error instanceof OctavoError)) throw error;
    }
  }

  private inferNode(node: Node, isNesting: boolean): void {
    if (!node.op.known) return;
    const opset = this.graph.opsets.get(node.op.domain) ?? 1;
    // What is inferred inside may change unseen.
    const found = isNesting || this.options.strict ? undefined : node.inferred;
    const { output } = node;
    if (found && isCurrent(found, node, opset, this)) {
      if (output && found.dims) this.known.set(output, found.dims);
      return;
    }
    const seen = isNesting ? undefined : seenOf(node, opset, this);
    const dims = this.inferAnew(node, opset);
    if (output && dims) this.known.set(output, dims);
    if (seen) node.inferred = { seen, types: node.outputs.map((value) => value?.type), dims };
  }

  private inferAnew(node: Node, opset: number): readonly Dim[] | undefined {
    const { constant, dims } = this.lookup;
    const types = node.op.infer({ node, opset, constant, dims });
    const { outputs } = node;
    for (let i = 0; i < outputs.length; i++) {
      const value = outputs[i];
      const inferred = types[i];
      if (value && inferred) this.assign(value, inferred);
    }
    return node.output && propagateDims(node, this.lookup);
  }

  private assign(value: Value, inferred: TensorType): void {
    const declared = value.type;
    if (declared?.kind !== 'tensor') {
      value.type = inferred;
      return;
    }
    const dtype = declared.quantized ? declared.dtype : inferred.dtype;
    if (this.options.strict && dtype !== declared.dtype) {
      contradiction(`${value.name} is declared as ${declared.dtype}, its node gives ${inferred.dtype}.`);
    }
    if (dtype === declared.dtype && sameDims(inferred.shape, declared.shape)) return;
    const shape = this.mergedShape(declared, inferred);
    if (dtype !== declared.dtype || !sameDims(shape, declared.shape))
      value.type = { ...declared, dtype, shape };
  }

  private mergedShape(declared: TensorType, inferred: TensorType): TensorType['shape'] {
    try {
      return mergeDims(inferred.shape, declared.shape);
    } catch (error) {
      if (this.options.strict) throw error;
      return inferred.shape;
    }
  }

  private constant(value: Value | undefined): Tensor | undefined {
    return value && this.stored(value)?.peek();
  }

  private dims(value: Value | undefined): readonly Dim[] | undefined {
    if (!value) return undefined;
    const followed = this.followed(value);
    if (followed) return followed;
    const stored = this.stored(value);
    if (!stored || stored.shape.length > 1 || !(isInteger(stored.dtype) || stored.dtype === 'bool'))
      return undefined;
    return stored.peekNumbers();
  }

  /** A constant that is small enough to be looked into. */
  private stored(value: Value): StoredTensor | undefined {
    const stored = this.elements(value);
    return stored && stored.size <= LARGEST_CONSTANT ? stored : undefined;
  }

  /** What is stored of a value, here or in the enclosing graph. */
  elements(value: Value): StoredTensor | undefined {
    const stored = storedConstant(value);
    if (stored || !value.captured) return stored;
    const outer = capturedValue(value);
    return outer && this.elements(outer);
  }

  /** The elements of a value that is computed from shapes. */
  followed(value: Value): readonly Dim[] | undefined {
    return this.known.get(value) ?? (value.captured && followedOutside(value));
  }
}

/** The elements of a captured value as they were last followed in the graphs around. */
function followedOutside(inner: Value): readonly Dim[] | undefined {
  const outer = capturedValue(inner);
  if (!outer) return undefined;
  const dims = outer.producer?.output === outer ? followedElements(outer.producer) : undefined;
  return dims ?? followedOutside(outer);
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
