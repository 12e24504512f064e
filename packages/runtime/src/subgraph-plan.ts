import type { Backend, CompileOptions } from '@octavo/backend';
import { cloneGraph, type Graph, type Node, type Subgraph, storedConstant } from '@octavo/core/ir';
import { isOfOperands, OctavoError, type Tensor } from '@octavo/core/tensor';
import type { FoldingWork } from '@octavo/passes';
import { optimize } from './optimize.js';
import { compilePlan, type Plan } from './plan.js';

/** A subgraph on its own: what it captures are constants, or inputs after those that it has itself. */
export interface StandaloneGraph {
  readonly graph: Graph;
  /** Positions in the node's captures of the inputs that were added. */
  readonly sources: readonly number[];
}

/** A copy of a subgraph of a node that can be compiled. */
export function standalone(subgraph: Subgraph, node: Node): StandaloneGraph {
  const graph = cloneGraph(subgraph.graph);
  const sources: number[] = [];
  graph.captures.forEach((inner, index) => {
    const source = subgraph.sources[index] ?? -1;
    const outer = node.captures[source];
    inner.constant = storedConstant(outer);
    if (inner.constant) return;
    if (outer?.type) inner.type = outer.type;
    graph.inputs.push(inner);
    sources.push(source);
  });
  graph.captures = [];
  return { graph, sources };
}

/** A subgraph compiled on all backends. */
export interface SubgraphPlan {
  /** Such as `12 nodes on cpu, 1 on reference`. */
  readonly description: string;
  /** Runs on its own inputs and on the node's captures. Throws SessionError `SESSION_ASYNC` where a backend has to wait. */
  run(inputs: readonly Tensor[], captures: readonly Tensor[]): readonly Tensor[];
  dispose(): void;
}

/**
 * A plan of a subgraph. What an If, Loop or Scan holds may never run with the shapes and constants that it is given, so
 * operands that do not fit and values that are too large are errors of the run that asks for them.
 * @throws OctavoError for everything else, such as `OP_UNSUPPORTED`, weights that cannot be read or a fault in a pass.
 */
export async function planSubgraph(
  { graph, sources }: StandaloneGraph,
  backends: readonly Backend[],
  options: Omit<CompileOptions, 'taps'>,
  work: FoldingWork,
): Promise<SubgraphPlan> {
  try {
    const passes = await optimize(graph, backends, [], work);
    const plan = await compilePlan(graph, backends, { ...options, taps: new Set() }, passes);
    return {
      description: describe(plan),
      run: (inputs, captures) =>
        plan.runSync([...inputs, ...sources.flatMap((source) => captures.slice(source, source + 1))]),
      dispose: () => plan.dispose(),
    };
  } catch (error) {
    if (error instanceof OctavoError && isOfOperands(error)) return failingPlan(error);
    throw error;
  }
}

function failingPlan(error: OctavoError): SubgraphPlan {
  return {
    description: `fails: ${error.fault}`,
    run: () => {
      throw error;
    },
    dispose: () => {},
  };
}

function describe({ stages }: Plan): string {
  const counts = new Map<string, number>();
  for (const { backend, executable } of stages)
    counts.set(backend.id, (counts.get(backend.id) ?? 0) + executable.plan.length);
  const parts = [...counts].map(
    ([id, count], index) => `${count}${index > 0 ? '' : count === 1 ? ' node' : ' nodes'} on ${id}`,
  );
  return parts.join(', ') || 'nothing to compute';
}
