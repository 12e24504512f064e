import {
  type Attribute,
  canonicalDomain,
  cloneGraph,
  type Graph,
  type Model,
  type ModelFunction,
  type Node,
  standardRegistry,
} from '@octavo/core/ir';
import { GraphError } from '@octavo/core/tensor';
import { spliceBody } from './splice-body.js';

const STANDARD = standardRegistry();

/**
 * Puts the bodies of a model's local functions in the place of their calls, in subgraphs too, and drops the functions.
 * Works on the model: functions are no part of its graph.
 * @returns whether there was anything to inline.
 * @throws GraphError `FUNCTION_RECURSION` when a function calls itself; `FUNCTION_SIZE` when calls within calls would
 *   make more than a million nodes; `FUNCTION_OPSET` when a body uses an op whose meaning differs in the model's opset.
 */
export function inlineFunctions(model: Model): boolean {
  if (model.functions.length === 0) return false;
  const functions = new Map(
    model.functions.map((each) => [keyOf(each.domain, each.name, each.overload), each]),
  );
  checkSize(model.graph, functions);
  inlineCalls(model.graph, { functions, root: model.graph }, []);
  for (const { domain } of model.functions) dropDomain(model.graph, domain);
  model.functions = [];
  return true;
}

/** A function that calls another twice, and so on, doubles at each level: small files could fill any memory. */
const MOST_NODES = 1_000_000;
const DEEPEST_CALL = 256;

interface Inlining {
  readonly functions: ReadonlyMap<string, ModelFunction>;
  /** The model's own graph: its opsets are those that a file declares. */
  readonly root: Graph;
}

function keyOf(domain: string, name: string, overload: string): string {
  return JSON.stringify([canonicalDomain(domain), name, overload]);
}

function inlineCalls(graph: Graph, inlining: Inlining, active: readonly ModelFunction[]): void {
  for (const node of graph.sorted()) {
    for (const { graph: inner } of node.subgraphs) inlineCalls(inner, inlining, active);
    const called = inlining.functions.get(keyOf(node.op.domain, node.op.name, node.overload));
    if (!called) continue;
    if (active.includes(called)) {
      throw new GraphError({
        code: 'FUNCTION_RECURSION',
        where: `node ${node.label}`,
        message: `the local function ${called.name} calls itself.`,
      });
    }
    const body = cloneGraph(called.graph);
    bindAttributes(body, bindingsOf(node, called));
    inlineCalls(body, inlining, [...active, called]);
    adoptOpsets(inlining.root, body);
    splice(graph, node, body, called);
  }
}

/** Adds up what inlining would make before it makes anything. */
function checkSize(graph: Graph, functions: Inlining['functions']): void {
  const sizes = new Map<Graph, number>();
  const sizeOf = (body: Graph, depth: number): number => {
    const known = sizes.get(body);
    if (known !== undefined) return known;
    // A call of itself counts nothing here: inlining names it as recursion.
    sizes.set(body, 0);
    let size = 0;
    for (const node of body.nodes) {
      const called = functions.get(keyOf(node.op.domain, node.op.name, node.overload));
      const parts = [...node.subgraphs.map((inner) => inner.graph), ...(called ? [called.graph] : [])];
      size +=
        1 +
        (depth < DEEPEST_CALL ? parts.reduce((sum, part) => sum + sizeOf(part, depth + 1), 0) : MOST_NODES);
    }
    sizes.set(body, size);
    return size;
  };
  if (sizeOf(graph, 0) <= MOST_NODES) return;
  throw new GraphError({
    code: 'FUNCTION_SIZE',
    where: `graph ${graph.name}`,
    message: `inlining its local functions would make more than ${MOST_NODES} nodes or nest deeper than ${DEEPEST_CALL} calls.`,
    remedy: 'Export the model with fewer calls of functions within functions.',
  });
}

function bindingsOf(node: Node, called: ModelFunction): ReadonlyMap<string, Attribute> {
  return new Map([...called.defaults, ...node.attributes]);
}

/** Replaces references to the function's attributes by the caller's values; absent ones are left out. */
function bindAttributes(body: Graph, bindings: ReadonlyMap<string, Attribute>): void {
  for (const node of body.nodes) {
    for (const [name, attribute] of node.attributes) {
      if (attribute.kind === 'reference') node.setAttribute(name, bindings.get(attribute.value));
    }
    for (const { graph } of node.subgraphs) bindAttributes(graph, bindings);
  }
}

function splice(graph: Graph, call: Node, body: Graph, called: ModelFunction): void {
  adoptOpsets(graph, body);
  for (const node of body.nodes) checkOpset(graph, node, called);
  const given = body.inputs.map((value, i) => [value, call.inputs[i]] as const);
  spliceBody(graph, call, body, { given: new Map(given), prefix: call.name || called.name });
}

function adoptOpsets(graph: Graph, body: Graph): void {
  for (const [domain, version] of body.opsets)
    if (!graph.opsets.has(domain)) graph.opsets.set(domain, version);
}

function checkOpset(graph: Graph, node: Node, called: ModelFunction): void {
  const { op } = node;
  const version = graph.opsets.get(op.domain) ?? 1;
  if (!op.known || STANDARD.lookup(op.domain, op.name, version).since === op.since) return;
  throw new GraphError({
    code: 'FUNCTION_OPSET',
    where: `function ${called.name}, node ${node.label}`,
    message: `${op.name} means something else in opset ${version} than in the function's own.`,
    remedy: 'Export the model with one opset for the graph and its functions.',
  });
}

function dropDomain(graph: Graph, domain: string): void {
  if (domain !== '' && !graph.nodes.some((node) => node.op.domain === domain)) graph.opsets.delete(domain);
}
