import {
  type Backend,
  type CompileOptions,
  defineBackend,
  defineKernel,
  type PreparedKernel,
  SUPPORTED,
  type Support,
  unsupported,
} from '@octavo/backend';
import { cloneGraph, If, type Node, type Subgraph, storedConstant } from '@octavo/core/ir';
import { GraphError, type Tensor } from '@octavo/core/tensor';
import { optimize } from './optimize.js';
import { compilePlan, type Plan } from './plan.js';

/**
 * The backends with one in front of them that runs If: each branch is a plan of its own on all of them, where what the
 * node captures is an input, or a constant that backends pack. Branches must run without waiting.
 */
export function withControlFlow(
  backends: readonly Backend[],
  options: Pick<CompileOptions, 'threads'> = {},
): readonly Backend[] {
  const all: Backend[] = [];
  const branches = defineKernel(If, {
    supports: (node) => supportsBranches(node, all),
    prepare: ({ node, attributes: { then_branch, else_branch } }) =>
      prepareIf([then_branch, else_branch], (branch) => compileBranch(branch, node, all, options)),
  });
  const runtime = defineBackend({ id: 'runtime', kernels: [branches] });
  const supports: Backend['supports'] = (node, context) =>
    If.is(node) ? runtime.supports(node, context) : unsupported('');
  all.push({ ...runtime, supports }, ...backends);
  return all;
}

function supportsBranches(node: Node, backends: readonly Backend[]): Support {
  for (const { graph } of node.subgraphs) {
    for (const inner of graph.nodes) {
      const context = { graph, opset: graph.opsets.get(inner.op.domain) ?? graph.opset };
      if (!backends.some((backend) => backend.supports(inner, context).supported))
        return unsupported(`no backend runs ${inner.op.name} inside`);
    }
  }
  return SUPPORTED;
}

/** A branch ready to run on what it takes of the node's captures; or why it does not fit their shapes. */
type Branch =
  | {
      readonly plan: Plan;
      /** Positions in the node's captures. */
      readonly sources: readonly number[];
    }
  | GraphError;

async function prepareIf(
  [yesBranch, noBranch]: readonly [Subgraph, Subgraph],
  compile: (branch: Subgraph) => Promise<Branch>,
): Promise<PreparedKernel> {
  const branches: Branch[] = [];
  const dispose = () => {
    for (const branch of branches) if (!(branch instanceof GraphError)) branch.plan.dispose();
  };
  try {
    for (const branch of [yesBranch, noBranch]) branches.push(await compile(branch));
  } catch (error) {
    dispose();
    throw error;
  }
  const [yes, no] = branches.map(describe);
  return {
    name: `then ${yes}, else ${no}`,
    run: ([condition], captures) => runBranch(branches[condition?.data[0] ? 0 : 1], captures),
    dispose,
  };
}

function runBranch(branch: Branch | undefined, captures: readonly Tensor[]): readonly Tensor[] {
  if (branch === undefined || branch instanceof GraphError) throw branch;
  return branch.plan.runSync(branch.sources.flatMap((source) => captures.slice(source, source + 1)));
}

async function compileBranch(
  branch: Subgraph,
  node: Node,
  backends: readonly Backend[],
  options: Pick<CompileOptions, 'threads'>,
): Promise<Branch> {
  const graph = cloneGraph(branch.graph);
  const sources: number[] = [];
  graph.captures.forEach((inner, index) => {
    const source = branch.sources[index] ?? -1;
    inner.constant = storedConstant(node.captures[source]);
    if (inner.constant) return;
    graph.inputs.push(inner);
    sources.push(source);
  });
  graph.captures = [];
  try {
    const passes = await optimize(graph, backends, []);
    return { plan: await compilePlan(graph, backends, { ...options, taps: new Set() }, passes), sources };
  } catch (error) {
    // A branch for other shapes than these is never taken.
    if (error instanceof GraphError) return error;
    throw error;
  }
}

/** Such as `12 nodes on cpu, 1 on reference`. */
function describe(branch: Branch): string {
  if (branch instanceof GraphError) return 'does not fit these shapes';
  const { plan } = branch;
  const counts = new Map<string, number>();
  for (const { backend, executable } of plan.stages)
    counts.set(backend.id, (counts.get(backend.id) ?? 0) + executable.plan.length);
  const parts = [...counts].map(
    ([id, count], index) => `${count}${index > 0 ? '' : count === 1 ? ' node' : ' nodes'} on ${id}`,
  );
  return parts.join(', ') || 'nothing to compute';
}
