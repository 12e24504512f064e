import type { Backend } from '@octavo/backend';
import { fromNumbers, isFloat, type Tensor, toNumbers } from '@octavo/core/tensor';
import { reference } from '@octavo/reference';
import { difference, type ProductScale } from './compare.js';
import type { ConformanceCase, Fill } from './conformance-case.js';
import { type LoadedCase, loadCase } from './load-case.js';

/** What became of a case on a backend. */
export type CaseResult =
  | { readonly outcome: 'passed' }
  /** The backend does not claim a node of the case. */
  | { readonly outcome: 'declined'; readonly reason: string }
  /** The backend claims the case, and differs, throws or contradicts its contract. */
  | { readonly outcome: 'failed'; readonly difference: string };

/** Why a backend does not run a case, or undefined when it claims every node. */
export function declineReason(backend: Backend, test: ConformanceCase): string | undefined {
  return declinedBy(backend, loadCase(test));
}

/**
 * Runs a case on a backend and compares every output with the published one or with the reference backend's.
 * Never throws for what a backend does wrong.
 */
export async function runCase(backend: Backend, test: ConformanceCase): Promise<CaseResult> {
  const loaded = loadCase(test);
  const reason = declinedBy(backend, loaded);
  if (reason !== undefined) return { outcome: 'declined', reason };
  const fills: readonly Fill[] =
    test.expected || test.extremes === false ? ['random'] : ['random', 'extremes'];
  for (const fill of fills) {
    const found = await runFill(backend, test, loaded, fill);
    if (found !== undefined) return { outcome: 'failed', difference: `${fill} inputs: ${found}` };
  }
  return { outcome: 'passed' };
}

function declinedBy(backend: Backend, { graph, subgraph }: LoadedCase): string | undefined {
  for (const node of subgraph.nodes) {
    const opset = graph.opsetOf(node);
    const support = backend.supports(node, { graph, opset });
    if (!support.supported) return `${node.op.name}: ${support.reason}`;
  }
  return undefined;
}

async function runFill(
  backend: Backend,
  test: ConformanceCase,
  loaded: LoadedCase,
  fill: Fill,
): Promise<string | undefined> {
  const feeds = loaded.feeds(fill);
  const before = feeds.map((tensor) => tensor.bytes.slice());
  const found = await execute(backend, loaded, feeds);
  if (typeof found === 'string') return found;
  const changed = feeds.findIndex((tensor, i) => !sameBytes(tensor.bytes, before[i]));
  if (changed >= 0) return `the backend writes into its input ${loaded.graph.inputs[changed]?.name}`;
  const expected = test.expected ? undefined : await execute(reference(), loaded, feeds);
  if (typeof expected === 'string') throw new Error(`${test.name}: the reference backend fails: ${expected}`);
  const bound = test.bound ?? { kind: 'exact' };
  const magnitudes = bound.kind === 'product' ? await magnitudesOf(test, loaded, feeds) : [];
  for (const [index, value] of loaded.graph.outputs.entries()) {
    const wanted = test.expected ? test.expected[value.name] : expected?.[index];
    const given = found[index];
    if (!wanted || !given) return `the output ${value.name} is missing`;
    const sums = magnitudes[index];
    const scale: ProductScale | undefined = sums && { magnitudes: sums, random: fill === 'random' };
    const differs = difference(wanted, given, bound, scale);
    if (differs !== undefined) return `output ${value.name}: ${differs}`;
  }
  return undefined;
}

async function execute(
  backend: Backend,
  { subgraph }: LoadedCase,
  feeds: readonly Tensor[],
): Promise<readonly Tensor[] | string> {
  try {
    // As sessions do: nothing in between is asked for, so that it may be fused away.
    using executable = await backend.compile(subgraph, { taps: new Set() });
    return await executable.run(feeds);
  } catch (error) {
    return error instanceof Error
      ? `it throws ${error.name}: ${error.message}`
      : `it throws ${String(error)}`;
  }
}

/** `sum|a_i b_i|` by the reference: the case again with the absolute values of its inputs and constants. */
async function magnitudesOf(
  test: ConformanceCase,
  loaded: LoadedCase,
  feeds: readonly Tensor[],
): Promise<readonly Tensor[]> {
  const { subgraph } = loaded;
  const absolute = {
    ...loaded,
    subgraph: {
      ...subgraph,
      constant: async (value: (typeof subgraph.inputs)[number]) => absoluteOf(await subgraph.constant(value)),
    },
  };
  const sums = await execute(reference(), absolute, feeds.map(absoluteOf));
  if (typeof sums === 'string') throw new Error(`${test.name}: the reference backend fails: ${sums}`);
  return sums;
}

function absoluteOf(tensor: Tensor): Tensor {
  if (!isFloat(tensor.dtype)) return tensor;
  return fromNumbers(tensor.dtype, tensor.shape, toNumbers(tensor).map(Math.abs));
}

function sameBytes(a: Uint8Array, b: Uint8Array | undefined): boolean {
  return b !== undefined && a.length === b.length && a.every((byte, i) => byte === b[i]);
}
