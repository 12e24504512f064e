import type { Graph, Node, Value } from '@octavo/core/ir';
import { Histogram, type HistogramState } from '@octavo/core/quant';
import { bridgeData, bridgeKind } from '../bridge-ops.js';
import { LayerPrecisions } from '../layer-precisions.js';
import { planStatic } from '../plan-static.js';
import { RECIPE_DEFAULTS } from '../recipe.js';
import type { TapObserver, Tapped } from './observe-taps.js';

/** A value that a node reads, over some samples. */
interface ReadValue {
  readonly value: Value;
  readonly histogram: HistogramState;
  /** Sum of the squares of its elements, and how many there are. */
  readonly squares: number;
  readonly count: number;
}

/** A node without weights that static quantization computes in integers between layers: Add, Mul, Concat, pooling ... */
export interface BridgeStatistics {
  readonly kind: 'bridge';
  readonly node: Node;
  readonly data: readonly ReadValue[];
}

/** The nodes of a prepared graph that static quantization gives integers of their own, without weights. */
export function integerBridges(graph: Graph): Node[] {
  const { bridges } = planStatic(graph, new LayerPrecisions(graph, RECIPE_DEFAULTS));
  return graph.sorted().filter((node) => bridges.has(node) && bridgeKind(node) === 'own');
}

/** Collects what the bridges of a graph read; values that several read are counted once. */
export class BridgeGatherer implements TapObserver {
  readonly taps: readonly string[];
  private readonly nodes: readonly Node[];
  private readonly values: ReadonlyMap<string, ValueSum>;

  constructor(graph: Graph) {
    this.nodes = integerBridges(graph);
    this.values = new Map(this.nodes.flatMap(dataOf).map((value) => [value.name, new ValueSum(value)]));
    this.taps = [...this.values.keys()];
  }

  see(tapped: Tapped): void {
    this.values.get(tapped.name)?.add(tapped);
  }

  statistics(): BridgeStatistics[] {
    return this.nodes.map((node) => ({
      kind: 'bridge',
      node,
      data: dataOf(node).flatMap(({ name }) => this.values.get(name)?.read() ?? []),
    }));
  }
}

/** Each value once, however often it is read; constants are no activations. */
function dataOf(node: Node): Value[] {
  return [...new Set(bridgeData(node).flatMap((value) => (value && !value.constant ? [value] : [])))];
}

class ValueSum {
  private readonly value: Value;
  private readonly histogram = new Histogram();
  private squares = 0;
  private count = 0;

  constructor(value: Value) {
    this.value = value;
  }

  add({ values, scan }: Tapped): void {
    this.histogram.add(values, scan);
    for (let i = 0; i < values.length; i++) this.squares += (values[i] ?? 0) ** 2;
    this.count += values.length;
  }

  read(): ReadValue {
    const { value, histogram, squares, count } = this;
    return { value, histogram: histogram.state, squares, count };
  }
}
