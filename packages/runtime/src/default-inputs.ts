import type { Graph } from '@octavo/core/ir';
import type { Tensor } from '@octavo/core/tensor';

/**
 * Takes the defaults from the inputs that have one, so that no pass takes them for constants: a run may be fed others.
 * @returns The defaults by the names of the inputs.
 */
export async function takeDefaults(graph: Graph): Promise<ReadonlyMap<string, Tensor>> {
  const defaults = new Map<string, Tensor>();
  for (const value of graph.inputs) {
    if (!value.constant) continue;
    defaults.set(value.name, await value.constant.load());
    value.constant = undefined;
  }
  return defaults;
}
