import type { StoredTensor } from '../tensor/index.js';
import { GraphError } from '../tensor/index.js';
import type { Attribute, AttributeArguments, AttributeSchema } from './attribute.js';
import { Edits } from './edits.js';
import { Node } from './node.js';
import type { Op, OpDefinition, Slot, SlotArguments } from './op.js';
import { inTopologicalOrder } from './topological-order.js';
import { tensorType, Value, type ValueType } from './value.js';

/** What `Graph.addNode` needs beyond the op; outputs are fresh values made by `Graph.addValue`. */
export interface NodeParts {
  readonly name?: string;
  readonly inputs: readonly (Value | undefined)[];
  readonly outputs: readonly (Value | undefined)[];
  /** The node keeps this map: do not write to it any more. */
  readonly attributes?: ReadonlyMap<string, Attribute>;
  readonly captures?: readonly Value[];
}

const NO_ATTRIBUTES: ReadonlyMap<string, Attribute> = new Map();
const NO_CAPTURES: readonly Value[] = [];
const NO_METADATA: ReadonlyMap<string, string> = new Map();

/**
 * A graph in SSA form. All edits go through its methods, which keep producers and users right.
 * Nodes keep their insertion order; `sorted()` gives a stable topological order.
 */
export class Graph {
  name = '';
  docString = '';
  /** Version of each op domain; '' is ONNX's own. */
  readonly opsets: Map<string, number>;
  inputs: Value[] = [];
  outputs: Value[] = [];
  /** In a subgraph: the values that stand for values of the enclosing graph. */
  captures: Value[] = [];
  /** Key-value pairs carried from the file (`metadata_props`). */
  metadata: ReadonlyMap<string, string> = NO_METADATA;
  private readonly nodeSet = new Set<Node>();
  private readonly valueByName = new Map<string, Value>();
  private readonly edits = new Edits();
  /** What `sorted` found, and after how many edits. */
  private order: { readonly nodes: readonly Node[]; readonly edits: number } | undefined;
  /** What `nestingNodes` gave, and after how many edits that matter for it. */
  private nesting: { readonly nodes: readonly Node[]; readonly edits: number } | undefined;
  /** Where `uniqueName` goes on counting. */
  private readonly nextSuffix = new Map<string, number>();

  constructor(opsets: ReadonlyMap<string, number> = new Map([['', 21]])) {
    this.opsets = new Map(opsets);
  }

  /** Nodes in insertion order. */
  get nodes(): readonly Node[] {
    return [...this.nodeSet];
  }

  /** Nodes with subgraphs, in insertion order. */
  get nestingNodes(): readonly Node[] {
    if (this.nesting?.edits !== this.edits.nesting) {
      const nodes = this.nodes.filter((node) => node.subgraphs.length > 0);
      this.nesting = { nodes, edits: this.edits.nesting };
    }
    return this.nesting.nodes;
  }

  /** All values: inputs, captures, initializers and node outputs. */
  get values(): readonly Value[] {
    return [...this.valueByName.values()];
  }

  get initializers(): readonly Value[] {
    const captures = new Set(this.captures);
    return this.values.filter((value) => value.constant !== undefined && !captures.has(value));
  }

  /** Version of ONNX's own op set. */
  get opset(): number {
    return this.opsets.get('') ?? 1;
  }

  /** Version of the domain of a node's op; ONNX's own where the graph does not import that domain. */
  opsetOf({ op }: Node): number {
    return this.opsets.get(op.domain) ?? this.opset;
  }

  has(node: Node): boolean {
    return this.nodeSet.has(node);
  }

  value(name: string): Value | undefined {
    return this.valueByName.get(name);
  }

  /** `hint` when it is free, otherwise `hint_2`, `hint_3` ...; suffixes that were used once are not tried again. */
  uniqueName(hint: string): string {
    const base = hint || 'value';
    if (!this.valueByName.has(base)) return base;
    let suffix = this.nextSuffix.get(base) ?? 2;
    while (this.valueByName.has(`${base}_${suffix}`)) suffix++;
    this.nextSuffix.set(base, suffix);
    return `${base}_${suffix}`;
  }

  /** A new value with a unique name. Throws GraphError `GRAPH_NAME` when the name is taken or empty. */
  addValue(name: string, type?: ValueType, constant?: StoredTensor): Value {
    if (!name || this.valueByName.has(name)) {
      throw new GraphError({
        code: 'GRAPH_NAME',
        where: `value ${name}`,
        message: 'a value needs a name that no other value of its graph has.',
      });
    }
    const value = new Value(name, type, constant);
    this.valueByName.set(name, value);
    return value;
  }

  addInput(name: string, type?: ValueType): Value {
    const value = this.addValue(name, type);
    this.inputs.push(value);
    return value;
  }

  /** A constant value; the name is made unique. */
  addInitializer(hint: string, constant: StoredTensor): Value {
    return this.addValue(this.uniqueName(hint), tensorType(constant.dtype, constant.shape), constant);
  }

  /** Adds a node whose operands and outputs are values of this graph. Throws `GRAPH_SSA` when an output has a producer. */
  addNode(op: Op, parts: NodeParts): Node {
    for (let i = 0; i < parts.outputs.length; i++) {
      const output = parts.outputs[i];
      if (output?.producer || output?.constant) {
        throw new GraphError({
          code: 'GRAPH_SSA',
          where: `value ${output.name}`,
          message: 'a value is computed by one node only.',
        });
      }
    }
    const node = new Node(
      op,
      parts.name ?? '',
      parts.inputs,
      parts.outputs,
      parts.attributes ?? NO_ATTRIBUTES,
      parts.captures ?? NO_CAPTURES,
      this.edits,
    );
    this.nodeSet.add(node);
    this.edits.count++;
    if (node.subgraphs.length > 0) this.edits.nesting++;
    return node;
  }

  /**
   * Adds a node from named inputs and typed attributes, with fresh outputs called after `name`.
   * @param outputs How many outputs to make (default 1).
   */
  emit<I extends readonly Slot[], O extends readonly Slot[], A extends AttributeSchema>(
    op: OpDefinition<I, O, A>,
    inputs: SlotArguments<I>,
    attributes: AttributeArguments<A> = {},
    options: {
      readonly name?: string;
      readonly outputs?: number;
      readonly outputNames?: readonly string[];
    } = {},
  ): Node {
    const name = options.name ?? '';
    const names =
      options.outputNames ??
      Array.from({ length: options.outputs ?? 1 }, (_, i) =>
        i ? `${name || op.name}_${i}` : name || op.name,
      );
    return this.addNode(op, {
      name,
      inputs: op.arrangeInputs(inputs),
      outputs: names.map((each) => this.addValue(this.uniqueName(each))),
      attributes: op.encodeAttributes(attributes),
    });
  }

  /** Makes every reader of `from` (nodes and graph outputs) read `to`. */
  replaceAllUses(from: Value, to: Value): void {
    for (const node of from.users) node.replaceOperand(from, to);
    this.outputs = this.outputs.map((value) => (value === from ? to : value));
  }

  /** Whether a value is one of the graph's outputs. */
  isOutput(value: Value): boolean {
    return this.outputs.includes(value);
  }

  /** Whether a node or the graph's outputs read a value. */
  isUsed(value: Value): boolean {
    return value.isRead || this.outputs.includes(value);
  }

  /**
   * Removes a node and its outputs. Throws GraphError `GRAPH_IN_USE` when an output is still read.
   * @param constants By output position: those outputs become initializers instead, with the names and readers that they
   *   have.
   */
  removeNode(node: Node, constants: readonly (StoredTensor | undefined)[] = []): void {
    const { outputs } = node;
    for (let i = 0; i < outputs.length; i++) {
      const output = outputs[i];
      if (output && !constants[i] && this.isUsed(output)) throw stillRead(node, output);
    }
    this.nodeSet.delete(node);
    if (node.subgraphs.length > 0) this.edits.nesting++;
    node.detach();
    for (let i = 0; i < outputs.length; i++) {
      const output = outputs[i];
      const constant = constants[i];
      if (output && constant) {
        output.constant = constant;
        output.type = tensorType(constant.dtype, constant.shape, output.quantized);
      } else if (output) this.valueByName.delete(output.name);
    }
  }

  /** Leaves out an output of a node that nobody reads. Throws GraphError `GRAPH_IN_USE` when it is read. */
  dropOutput(node: Node, index: number): void {
    const output = node.outputs[index];
    if (!output) return;
    if (this.isUsed(output)) throw stillRead(node, output);
    node.dropOutput(index);
    this.valueByName.delete(output.name);
  }

  /** Removes an initializer or unused input. Throws GraphError `GRAPH_IN_USE` when it is read, produced or captured. */
  removeValue(value: Value): void {
    const captured = this.captures.includes(value);
    if (this.isUsed(value) || value.producer || captured) {
      throw new GraphError({
        code: 'GRAPH_IN_USE',
        where: `value ${value.name}`,
        message: 'it is still read, produced or captured.',
      });
    }
    this.valueByName.delete(value.name);
    if (this.inputs.includes(value)) this.inputs = this.inputs.filter((input) => input !== value);
  }

  /** Gives a value another unique name. Throws GraphError `GRAPH_NAME` when it is taken. */
  rename(value: Value, name: string): void {
    if (value.name === name) return;
    if (!name || this.valueByName.has(name)) {
      throw new GraphError({
        code: 'GRAPH_NAME',
        where: `value ${value.name}`,
        message: `the name ${name} is taken.`,
      });
    }
    this.valueByName.delete(value.name);
    value.name = name;
    this.valueByName.set(name, value);
  }

  /** Nodes in topological order, insertion order where it is free. Throws GraphError `GRAPH_CYCLE`. */
  sorted(): Node[] {
    if (this.order?.edits !== this.edits.count) {
      this.order = { nodes: inTopologicalOrder([...this.nodeSet]), edits: this.edits.count };
    }
    return [...this.order.nodes];
  }
}

function stillRead(node: Node, output: Value): GraphError {
  return new GraphError({
    code: 'GRAPH_IN_USE',
    where: `node ${node.label}`,
    message: `its output ${output.name} is still read.`,
  });
}
