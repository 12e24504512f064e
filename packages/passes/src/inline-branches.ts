import {
  type Graph,
  If,
  inferTypes,
  type Node,
  type Pass,
  type PassLog,
  storedConstant,
} from '@octavo/core/ir';
import { type FoldConstantsOptions, foldConstants } from './fold-constants.js';
import { spliceBody } from './splice-body.js';

/**
 * Puts the nodes of the branch taken in the place of each If whose condition is constant, and computes what has become constant
 * with it, until no such If is left. Exporters write conditions on ranks and sizes, which are known once shapes are.
 */
export function inlineBranches(options: FoldConstantsOptions): Pass {
  const fold = foldConstants(options);
  return {
    name: 'inline-branches',
    async run(graph, log) {
      let changed = false;
      while (inlineTaken(graph, log)) {
        changed = true;
        await fold.run(graph, log);
      }
      return changed;
    },
  };
}

function inlineTaken(graph: Graph, log: PassLog): boolean {
  let changed = false;
  for (const node of graph.nestingNodes) {
    const condition = conditionOf(node);
    if (condition === undefined) continue;
    takeBranch(graph, node, condition);
    log.fired('inline-branches', node.label);
    changed = true;
  }
  if (changed) inferTypes(graph);
  return changed;
}

/** The value of a constant condition that is in memory. */
function conditionOf(node: Node): boolean | undefined {
  if (!If.is(node)) return undefined;
  const condition = storedConstant(If.inputs(node).cond)?.peek();
  return condition && condition.data[0] !== 0;
}

function takeBranch(graph: Graph, node: Node, condition: boolean): void {
  const { then_branch, else_branch } = If.attributes(node);
  const { graph: body, sources } = condition ? then_branch : else_branch;
  const given = body.captures.map((value, i) => [value, node.captures[sources[i] ?? -1]] as const);
  spliceBody(graph, node, body, { given: new Map(given), prefix: node.name || node.op.name });
}
