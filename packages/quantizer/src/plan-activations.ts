import type { Graph, Node, Value } from '@octavo/core/ir';
import { bridgeData, bridgeKind } from './bridge-ops.js';
import type { ComputeParts } from './compute-ops.js';
import type { ConvResults } from './conv-results.js';
import type { LayerPrecisions } from './layer-precisions.js';
import type { ActivationPrecision } from './precision.js';
import { resultsOf } from './result-of.js';

/** An activation to quantize for some of its readers. */
export interface PlannedActivation {
  readonly value: Value;
  /** The value whose range it takes: rearranged elements share the parameters of their source. */
  readonly source: Value;
  readonly precision: ActivationPrecision;
  /** Nodes that read the integers; `all` where the value comes from an integer node and is quantized in one way. */
  readonly readers: ReadonlySet<Node> | 'all';
}

/** Nodes to compute in integers. */
export interface IntegerNodes {
  readonly compute: ReadonlyMap<Node, ComputeParts>;
  readonly bridges: ReadonlySet<Node>;
  readonly results: ConvResults;
}

/** The integer nodes of a plan: products, and the bridges between them. */
class IntegerPart {
  private readonly known = new Map<Node, ActivationPrecision>();
  private readonly precisions: LayerPrecisions;
  private readonly graph: Graph;
  private readonly compute: ReadonlyMap<Node, ComputeParts>;
  private readonly bridges: ReadonlySet<Node>;
  private readonly results: ConvResults;

  constructor(graph: Graph, precisions: LayerPrecisions, nodes: IntegerNodes) {
    this.graph = graph;
    this.precisions = precisions;
    this.compute = nodes.compute;
    this.bridges = nodes.bridges;
    this.results = nodes.results;
  }

  has(node: Node): boolean {
    return this.compute.has(node) || this.bridges.has(node);
  }

  /** How a node reads its data. A bridge that no rule names follows its readers where they agree. */
  precision(node: Node): ActivationPrecision | undefined {
    const known = this.known.get(node) ?? this.decide(node);
    if (known) this.known.set(node, known);
    return known;
  }

  /** The ways in which integer nodes read a value, each with its readers. */
  demands(value: Value): { precision: ActivationPrecision; readers: Set<Node> }[] {
    const ways = new Map<string, { precision: ActivationPrecision; readers: Set<Node> }>();
    for (const node of value.users) {
      const precision = this.reads(node, value) ? this.precision(node) : undefined;
      if (!precision) continue;
      const key = JSON.stringify(precision);
      const way = ways.get(key) ?? { precision, readers: new Set() };
      way.readers.add(node);
      ways.set(key, way);
    }
    return [...ways.values()];
  }

  /**
   * How a result is quantized that no integer node reads. Runtimes split integers only where every part is quantized.
   */
  unasked(node: Node, result: Value): ActivationPrecision | undefined {
    const isRead = result.isRead || this.graph.isOutput(result);
    if (!isRead) return undefined;
    const found = this.bridges.has(node) ? this.precision(node) : this.results.get(node);
    return typeof found === 'string' ? undefined : found;
  }

  private reads(node: Node, value: Value): boolean {
    const parts = this.compute.get(node);
    return parts ? parts.data === value : this.bridges.has(node) && bridgeData(node).includes(value);
  }

  private decide(node: Node): ActivationPrecision | undefined {
    const own = this.precisions.of(node).activations;
    const chosen = own === 'float' ? undefined : own;
    if (this.compute.has(node) || this.precisions.choosesActivations(node)) return chosen;
    const demands = resultsOf(this.graph, node).flatMap((result) => this.demands(result));
    const [only, ...others] = new Set(demands.map(({ precision }) => JSON.stringify(precision)));
    return only !== undefined && others.length === 0 ? demands[0]?.precision : chosen;
  }
}

/**
 * The activations that integer nodes read, in the order of the graph. What a bridge only rearranges shares the
 * parameters of its source where both are quantized in one and the same way.
 */
export function planActivations(
  graph: Graph,
  precisions: LayerPrecisions,
  nodes: IntegerNodes,
): PlannedActivation[] {
  const part = new IntegerPart(graph, precisions, nodes);
  const planned = new Map<Value, readonly PlannedActivation[]>();
  const results = new Map(
    graph.nodes.filter((node) => part.has(node)).map((node) => [node, resultsOf(graph, node)]),
  );
  const produced = new Set([...results.values()].flat());
  const plan = (value: Value, moved: Value | undefined, unasked?: ActivationPrecision): void => {
    if (planned.has(value)) return;
    const demands = part.demands(value);
    const ways =
      demands.length === 0 && unasked ? [{ precision: unasked, readers: new Set<Node>() }] : demands;
    planned.set(
      value,
      ways.map(({ precision, readers }) => ({
        value,
        source: sharedSource(moved && planned.get(moved), precision) ?? value,
        precision,
        readers: ways.length === 1 && produced.has(value) ? 'all' : readers,
      })),
    );
  };
  for (const node of graph.sorted()) {
    const parts = nodes.compute.get(node);
    if (parts) plan(parts.data, undefined);
    const moved = bridgeKind(node) === 'move' ? bridgeData(node)[0] : undefined;
    for (const result of results.get(node) ?? []) plan(result, moved, part.unasked(node, result));
  }
  return [...planned.values()].flat();
}

function sharedSource(
  ways: readonly PlannedActivation[] | undefined,
  precision: ActivationPrecision,
): Value | undefined {
  return ways?.find((way) => JSON.stringify(way.precision) === JSON.stringify(precision))?.source;
}
