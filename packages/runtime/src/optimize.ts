import type { Backend } from '@octavo/backend';
import { type Graph, inferTypes, type Node, type PassRecord, runPasses } from '@octavo/core/ir';
import {
  eliminateDeadNodes,
  expandEinsum,
  type FoldingWork,
  foldBatchNorm,
  fuseConvBias,
  fuseGemm,
  fusePasses,
  inlineBranches,
  widenHalves,
} from '@octavo/passes';
import { evaluateOnReference } from './evaluate-on-reference.js';
import { withTaps } from './lower.js';

/**
 * Makes a graph of known shapes cheaper to run on these backends: weights that no backend takes as integers become
 * floats once, halves that a backend computes in float32 only are widened, and patterns become single nodes where that moves
 * no work to a backend of lower preference.
 * @param work What folding may do still, for this graph and those that are compiled for its nodes.
 */
export async function optimize(
  graph: Graph,
  backends: readonly Backend[],
  taps: readonly string[],
  work: FoldingWork,
): Promise<readonly PassRecord[]> {
  const records = await withTaps(graph, taps, async () => {
    const folding = { evaluate: evaluateOnReference(), dequantize: true, work };
    return runPasses(graph, [
      expandEinsum,
      inlineBranches(folding),
      widenHalves({
        gain: (from, node, twin) => rankOf(from, node, backends) - rankOf(twin.graph, twin.node, backends),
      }),
      eliminateDeadNodes,
      fuseConvBias,
      foldBatchNorm,
      fuseConvBias,
      fuseGemm,
      ...fusePasses({ accepts: (fused, parts) => strandedReason(graph, fused, parts, backends) }),
      eliminateDeadNodes,
    ]);
  });
  inferTypes(graph);
  return records;
}

/** Why a fused node would run on a backend of lower preference than each of its parts. */
function strandedReason(
  graph: Graph,
  fused: Node,
  parts: readonly Node[],
  backends: readonly Backend[],
): string | undefined {
  const rank = rankOf(graph, fused, backends);
  const better = backends.slice(0, rank);
  let worst = 0;
  for (const part of parts) {
    const partRank = rankOf(graph, part, better);
    if (partRank === rank) return undefined;
    worst = Math.max(worst, partRank);
  }
  const preferred = backends[worst];
  if (!preferred) return undefined;
  const support = preferred.supports(fused, contextOf(graph, fused));
  return support.supported ? undefined : `${preferred.id} runs its parts, but: ${support.reason}`;
}

/** Position of the first backend that runs a node; their number when none does. */
function rankOf(graph: Graph, node: Node, backends: readonly Backend[]): number {
  const context = contextOf(graph, node);
  for (let rank = 0; rank < backends.length; rank++)
    if (backends[rank]?.supports(node, context).supported) return rank;
  return backends.length;
}

function contextOf(graph: Graph, node: Node) {
  return { graph, opset: graph.opsetOf(node) };
}
