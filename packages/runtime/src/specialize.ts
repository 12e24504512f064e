import { cloneGraph, type Dim, type Graph, inferTypes, runPasses, tensorType } from '@octavo/core/ir';
import type { Shape } from '@octavo/core/tensor';
import { eliminateDeadNodes, eliminateIdentity, FoldingWork, inlineBranches } from '@octavo/passes';
import { evaluateOnReference } from './evaluate-on-reference.js';
import { type LoweredGraph, withTaps } from './lower.js';

/** Whether a graph says the shape of every input. */
export function hasFixedInputs(graph: Graph): boolean {
  return graph.inputs.every(({ shape }) => shape?.every((dim) => typeof dim === 'number'));
}

/**
 * The shapes of a graph's inputs with each symbolic or unknown dimension at its size in `dims`, by default 1;
 * undefined when the rank of an input is not known.
 */
export function defaultShapes(
  graph: Graph,
  dims: Readonly<Record<string, number>>,
): readonly Shape[] | undefined {
  const sizeOf = (dim: Dim) => (typeof dim === 'number' ? dim : dim === null ? 1 : (dims[dim] ?? 1));
  const shapes = graph.inputs.map(({ shape }) => shape?.map(sizeOf));
  return shapes.every((shape) => shape !== undefined) ? shapes : undefined;
}

/** Gives the inputs of a graph these shapes. */
export function setShapes(graph: Graph, shapes: readonly Shape[]): void {
  graph.inputs.forEach((value, index) => {
    if (value.tensorType) value.type = tensorType(value.tensorType.dtype, shapes[index], value.quantized);
  });
}

/** A copy of a lowered graph for inputs of these shapes: what follows from them is known or computed now. */
export async function specialize(
  source: LoweredGraph,
  shapes: readonly Shape[],
  taps: readonly string[],
): Promise<LoweredGraph> {
  const graph = cloneGraph(source.graph);
  const work = new FoldingWork(source.work);
  setShapes(graph, shapes);
  inferTypes(graph);
  const passes = await withTaps(graph, taps, async () => {
    const folding = { evaluate: evaluateOnReference(), work };
    return runPasses(graph, [inlineBranches(folding), eliminateIdentity, eliminateDeadNodes]);
  });
  return { graph, passes: [...source.passes, ...passes], work };
}
