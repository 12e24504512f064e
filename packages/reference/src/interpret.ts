import {
  type CompileOptions,
  defineBackend,
  type Kernel,
  SUPPORTED,
  type Support,
  unsupported,
  wholeGraph,
} from '@octavo/backend';
import type { Graph, Subgraph } from '@octavo/core/ir';
import { KernelError, OctavoError, type Tensor } from '@octavo/core/tensor';

/** Computes a graph once: inputs and captures by position, outputs by position. */
export type GraphFunction = (inputs: readonly Tensor[], captures: readonly Tensor[]) => readonly Tensor[];

/**
 * Prepares every node of a graph with the first kernel that supports it, and runs them in topological order.
 * Rejects with OctavoError `BACKEND_UNSUPPORTED` when a node has no kernel.
 */
export async function interpret(
  graph: Graph,
  kernels: readonly Kernel[],
  options: CompileOptions = {},
): Promise<GraphFunction> {
  const executable = await defineBackend({ id: 'reference', kernels }).compile(wholeGraph(graph), options);
  return (inputs, captures) => {
    const run = executable.runSync?.([...inputs, ...captures]);
    if (run) return run;
    throw new OctavoError({
      code: 'BACKEND_ASYNC',
      message: 'kernels of a subgraph must run synchronously.',
    });
  };
}

/** {@link interpret} for a subgraph attribute: takes the owning node's captures. */
export async function interpretSubgraph(
  { graph, sources }: Subgraph,
  kernels: readonly Kernel[],
  options: CompileOptions = {},
): Promise<GraphFunction> {
  const run = await interpret(graph, kernels, options);
  return (inputs, captures) =>
    run(
      inputs,
      sources.map((source) => {
        const tensor = captures[source];
        if (tensor) return tensor;
        throw new KernelError({ code: 'KERNEL_OPERAND', message: `capture ${source} is missing.` });
      }),
    );
}

/** Whether every node of the subgraphs has a kernel, or the first reason why not. */
export function supportsSubgraphs(subgraphs: readonly Subgraph[], kernels: readonly Kernel[]): Support {
  const backend = defineBackend({ id: 'reference', kernels });
  for (const { graph } of subgraphs) {
    for (const node of graph.nodes) {
      const opset = graph.opsetOf(node);
      const support = backend.supports(node, { graph, opset });
      if (!support.supported) return unsupported(`${node.label} in its subgraph: ${support.reason}`);
    }
  }
  return SUPPORTED;
}
