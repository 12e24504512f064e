import {
  type Backend,
  type CompileOptions,
  defineBackend,
  defineKernel,
  type Kernel,
  type PreparedKernel,
  SUPPORTED,
  type Support,
  unsupported,
} from '@octavo/backend';
import {
  type Graph,
  If,
  Loop,
  type Node,
  Scan,
  type Subgraph,
  type TensorType,
  tensorType,
} from '@octavo/core/ir';
import { GraphError, normalizeAxis } from '@octavo/core/tensor';
import type { FoldingWork } from '@octavo/passes';
import { runLoop, runScan, type ScanSpec, scanSpec } from '@octavo/reference';
import { type BodyInputs, repeatedBody } from './loop-body.js';
import { planSubgraph, type StandaloneGraph, type SubgraphPlan, standalone } from './subgraph-plan.js';

/** Compiles a subgraph on all backends. */
type CompileGraph = (graph: StandaloneGraph) => Promise<SubgraphPlan>;

/**
 * The backends with one in front of them that runs If, Loop and Scan: each subgraph is a plan of its own on all of
 * them, where what the node captures is an input, or a constant that backends pack. Subgraphs must run without waiting.
 * @param work What folding may do still, in all subgraphs together.
 */
export function withControlFlow(
  backends: readonly Backend[],
  options: Omit<CompileOptions, 'taps'>,
  work: FoldingWork,
): readonly Backend[] {
  const all: Backend[] = [];
  const compile: CompileGraph = (graph) => planSubgraph(graph, all, options, work);
  const kernels = [ifKernel(all, compile), loopKernel(all, compile), scanKernel(all, compile)];
  const runtime = defineBackend({ id: 'runtime', kernels });
  const own = new Set(kernels.map(({ op }) => op.key));
  const others = unsupported('');
  const supports: Backend['supports'] = (node, context) =>
    own.has(node.op.key) ? runtime.supports(node, context) : others;
  all.push({ ...runtime, supports }, ...backends);
  return all;
}

function supportsGraph(graph: Graph, backends: readonly Backend[]): Support {
  for (const inner of graph.nodes) {
    const context = { graph, opset: graph.opsets.get(inner.op.domain) ?? graph.opset };
    if (!backends.some((backend) => backend.supports(inner, context).supported))
      return unsupported(`no backend runs ${inner.op.name} inside`);
  }
  return SUPPORTED;
}

function ifKernel(backends: readonly Backend[], compile: CompileGraph): Kernel {
  return defineKernel(If, {
    supports: (node) => {
      const answers = node.subgraphs.map(({ graph }) => supportsGraph(graph, backends));
      return answers.find(({ supported }) => !supported) ?? SUPPORTED;
    },
    prepare: ({ node, attributes: { then_branch, else_branch } }) =>
      prepareIf([then_branch, else_branch], (branch) => compile(standalone(branch, node))),
  });
}

async function prepareIf(
  [yesBranch, noBranch]: readonly [Subgraph, Subgraph],
  compile: (branch: Subgraph) => Promise<SubgraphPlan>,
): Promise<PreparedKernel> {
  const yes = await compile(yesBranch);
  const no = await compile(noBranch).catch((error) => {
    yes.dispose();
    throw error;
  });
  return {
    name: `then ${yes.description}, else ${no.description}`,
    run: ([condition], captures) => (condition?.data[0] ? yes : no).run([], captures),
    dispose: () => {
      yes.dispose();
      no.dispose();
    },
  };
}

function supportsBody(body: StandaloneGraph | string, backends: readonly Backend[]): Support {
  return typeof body === 'string' ? unsupported(body) : supportsGraph(body.graph, backends);
}

async function compileBody(body: StandaloneGraph | string, compile: CompileGraph): Promise<SubgraphPlan> {
  if (typeof body !== 'string') return compile(body);
  throw new GraphError({ code: 'BACKEND_UNSUPPORTED', message: `${body}.` });
}

function loopBody(node: Node): StandaloneGraph | string {
  const initial = node.inputs.slice(2);
  const inputs: BodyInputs = {
    types: [tensorType('int64', []), tensorType('bool', []), ...initial.map((value) => value?.tensorType)],
    firstInput: 2,
    firstOutput: 1,
    states: initial.length,
  };
  return repeatedBody(Loop.attributes(node).body, node, inputs);
}

function loopKernel(backends: readonly Backend[], compile: CompileGraph): Kernel {
  return defineKernel(Loop, {
    supports: (node) => supportsBody(loopBody(node), backends),
    prepare: async ({ node, attributes: { body }, maxTensorBytes }) => {
      const plan = await compileBody(loopBody(node), compile);
      return {
        name: `body ${plan.description}`,
        run: (inputs, captures) => runLoop(plan.run, body, inputs, captures, maxTensorBytes),
        dispose: plan.dispose,
      };
    },
  });
}

function scanBody(node: Node, spec: ScanSpec): StandaloneGraph | string {
  const types = node.inputs.map((value, index) => {
    const type = value?.tensorType;
    return index < spec.states ? type : sliceType(type, spec.inputAxes[index - spec.states] ?? 0);
  });
  const inputs: BodyInputs = { types, firstInput: 0, firstOutput: 0, states: spec.states };
  return repeatedBody(Scan.attributes(node).body, node, inputs);
}

/** The type without an axis. */
function sliceType(type: TensorType | undefined, axis: number): TensorType | undefined {
  if (!type?.shape?.length) return undefined;
  return tensorType(type.dtype, type.shape.toSpliced(normalizeAxis(axis, type.shape.length), 1));
}

function scanKernel(backends: readonly Backend[], compile: CompileGraph): Kernel {
  return defineKernel(Scan, {
    supports: (node) => supportsBody(scanBody(node, scanSpec(node)), backends),
    prepare: async ({ node, attributes: { body }, maxTensorBytes }) => {
      const spec = scanSpec(node);
      const plan = await compileBody(scanBody(node, spec), compile);
      return {
        name: `body ${plan.description}`,
        run: (inputs, captures) => runScan(plan.run, body, inputs, captures, spec, maxTensorBytes),
        dispose: plan.dispose,
      };
    },
  });
}
