import { type Graph, If, type Node, type Pass, type PassLog, storedConstant } from '@octavo/core/ir';
import { type FoldConstantsOptions, foldConstants } from './fold-constants.js';
import { spliceBody } from './splice-body.js';

/** Each goes over the whole graph: a file of nothing but conditions must not take the square of its length. */
const MOST_ROUNDS = 64;

/**
 * Does what `fold-constants` does, and puts the nodes of the branch taken in the place of each If whose condition is
 * constant, until no such If is left or that took too long. Exporters write conditions on ranks and sizes, which are
 * known once shapes are. Nothing is computed in branches that go.
 */
export function inlineBranches(options: FoldConstantsOptions): Pass {
  const fold = foldConstants(options);
  return {
    name: 'inline-branches',
    async run(graph, log) {
      const folded = await fold.run(graph, log);
      for (let round = 0; round < MOST_ROUNDS; round++) {
        if (!inlineTaken(graph, log)) return folded || round > 0;
        await fold.run(graph, log);
      }
      log.declined(
        'inline-branches',
        graph.name,
        `conditions follow from each other over ${MOST_ROUNDS} times`,
      );
      return true;
    },
  };
}

function inlineTaken(graph: Graph, log: PassLog): boolean {
  let changed = false;
  for (const node of graph.nestingNodes) {
    // What only a branch not taken read is gone with it.
    const condition = graph.has(node) ? conditionOf(node) : undefined;
    if (condition === undefined) continue;
    takeBranch(graph, node, condition);
    log.fired('inline-branches', node.label);
    changed = true;
  }
  return changed;
}

/** The value of a constant condition that is in memory. */
function conditionOf(node: Node): boolean | undefined {
  if (!If.is(node)) return undefined;
  const condition = storedConstant(If.inputs(node).cond)?.peek();
  return condition?.is('bool') && condition.size === 1 ? condition.data[0] !== 0 : undefined;
}

function takeBranch(graph: Graph, node: Node, condition: boolean): void {
  const { then_branch, else_branch } = If.attributes(node);
  const { graph: body, sources } = condition ? then_branch : else_branch;
  const given = body.captures.map((value, i) => [value, node.captures[sources[i] ?? -1]] as const);
  spliceBody(graph, node, body, { given: new Map(given), prefix: node.name || node.op.name });
}
