import { GraphError } from '../tensor/index.js';
import type { Graph } from './graph.js';
import type { Node } from './node.js';
import type { Value } from './value.js';
import { typeProblem } from './verify-type.js';

/**
 * Checks every invariant of a graph and its subgraphs: names, single assignment, producers and users in step with
 * operands, every operand defined in its own graph, no cycles, inputs and attributes as the ops demand, types that
 * fit constants and quantization.
 * @throws GraphError `GRAPH_INVALID` (or `GRAPH_CYCLE`) at the first breach.
 */
export function verify(graph: Graph): void {
  const roots = new Set<Value>([...graph.inputs, ...graph.captures]);
  checkRoots(graph, roots);
  for (const value of graph.values) checkValue(graph, value, roots);
  checkUses(graph);
  for (const node of graph.nodes) checkNode(graph, node);
  graph.sorted();
}

function invalid(where: string, message: string): never {
  throw new GraphError({ code: 'GRAPH_INVALID', where, message });
}

function checkRoots(graph: Graph, roots: ReadonlySet<Value>): void {
  if (roots.size !== graph.inputs.length + graph.captures.length) {
    invalid(`graph ${graph.name}`, 'a value is an input or capture twice.');
  }
  for (const value of [...roots, ...graph.outputs]) {
    if (graph.value(value.name) !== value) {
      invalid(`value ${value.name}`, 'an input, capture or output does not belong to the graph.');
    }
  }
  for (const value of graph.outputs) checkDefined(value, roots);
  for (const value of roots) {
    if (value.producer) invalid(`value ${value.name}`, 'an input or capture is computed by a node.');
  }
}

function checkDefined(value: Value, roots: ReadonlySet<Value>): void {
  if (!value.producer && !value.constant && !roots.has(value)) {
    invalid(`value ${value.name}`, 'it is read, but no node, input or constant gives it.');
  }
}

function checkValue(graph: Graph, value: Value, roots: ReadonlySet<Value>): void {
  const where = `value ${value.name}`;
  if (graph.value(value.name) !== value) invalid(where, 'it is registered under another name.');
  if (value.isRead) checkDefined(value, roots);
  const { producer, constant } = value;
  if (producer && constant) invalid(where, 'it is both a constant and computed by a node.');
  if (producer && !(graph.has(producer) && producer.outputs.includes(value))) {
    invalid(where, `its producer ${producer.label} is not a node of this graph that gives it.`);
  }
  const problem = typeProblem(value);
  if (problem) invalid(where, problem);
}

/** Users that values remember are exactly the nodes whose operands they are. */
function checkUses(graph: Graph): void {
  const readers = new Map<Value, Set<Node>>();
  for (const node of graph.nodes) {
    for (const value of node.operands) {
      if (graph.value(value.name) !== value) {
        invalid(`node ${node.label}`, `its operand ${value.name} is no value of this graph.`);
      }
      const known = readers.get(value) ?? new Set();
      readers.set(value, known.add(node));
    }
  }
  for (const value of graph.values) {
    const expected = readers.get(value) ?? new Set();
    const { users } = value;
    if (users.length !== expected.size || users.some((user) => !expected.has(user))) {
      invalid(`value ${value.name}`, 'the users it remembers are not the nodes that read it.');
    }
  }
}

function checkNode(graph: Graph, node: Node): void {
  const where = `node ${node.label}`;
  const outputs = node.outputs.filter((value) => value !== undefined);
  if (new Set(outputs).size !== outputs.length) invalid(where, 'it gives one value twice.');
  for (const value of outputs) {
    if (value.producer !== node || graph.value(value.name) !== value) {
      invalid(where, `its output ${value.name} has another producer or graph.`);
    }
  }
  if (node.op.known) checkSignature(graph, node);
  for (const { graph: inner, sources } of node.subgraphs) {
    if (sources.length !== inner.captures.length || sources.some((source) => !node.captures[source])) {
      invalid(where, `the captures of its subgraph ${inner.name} do not match the values it reads.`);
    }
    verify(inner);
  }
}

function checkSignature(graph: Graph, node: Node): void {
  const { op } = node;
  const where = `node ${node.label} (${op.name})`;
  const opset = graph.opsets.get(op.domain);
  if (opset !== undefined && op.since > opset) {
    invalid(where, `its op exists since version ${op.since}, the graph has version ${opset}.`);
  }
  const variadic = op.inputSlots.at(-1)?.endsWith('...');
  if (!variadic && node.inputs.length > op.inputSlots.length) {
    invalid(where, `it has ${node.inputs.length} inputs, its op takes ${op.inputSlots.length}.`);
  }
  op.inputSlots.forEach((slot, i) => {
    if (!/\?$|\.\.\.$/.test(slot) && !node.inputs[i])
      invalid(where, `the required input ${slot} is missing.`);
  });
  for (const [name, spec] of Object.entries(op.attributeSchema)) {
    const stored = node.attributes.get(name);
    if (!stored && spec.required) invalid(where, `the required attribute ${name} is missing.`);
    if (stored && stored.kind !== 'reference' && spec.decode(stored) === undefined) {
      invalid(
        where,
        `the attribute ${name} (${spec.kind}) does not accept its value of kind ${stored.kind}.`,
      );
    }
  }
}
