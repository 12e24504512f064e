import type { Attribute, Subgraph } from './attribute.js';
import type { Edits } from './edits.js';
import type { InferredNode } from './inferred-node.js';
import type { Op } from './op.js';
import type { Value } from './value.js';
import type { Writable } from './writable.js';

const NO_METADATA: ReadonlyMap<string, string> = new Map();
const NO_CAPTURES: readonly Value[] = [];
const NO_SUBGRAPHS: readonly Subgraph[] = [];

/** One application of an op. Created and edited only through its `Graph`; an edit replaces the lists that it changes. */
export class Node {
  readonly op: Op;
  /** May be empty; not unique in files. */
  name: string;
  docString = '';
  /** Key-value pairs carried from the file (`metadata_props`). */
  metadata: ReadonlyMap<string, string> = NO_METADATA;
  /** Overload of a local function, usually empty. */
  overload = '';
  /** Inputs by position; undefined where an optional one is left out. */
  readonly inputs: readonly (Value | undefined)[];
  /** Values of the enclosing graph that this node's subgraphs read. */
  readonly captures: readonly Value[];
  /** Every value this node reads: inputs that are present, then captures. */
  readonly operands: readonly Value[];
  /** Outputs by position; undefined where an optional one is left out. */
  readonly outputs: readonly (Value | undefined)[];
  /** The first output; undefined for a node without outputs. */
  readonly output: Value | undefined;
  readonly attributes: ReadonlyMap<string, Attribute>;
  /** The graphs in this node's attributes, in attribute order. */
  readonly subgraphs: readonly Subgraph[];
  /** @internal Where it lies in the list that is being sorted. */
  position = 0;
  /** @internal Kept by `inferTypes` for its next run. */
  inferred: InferredNode | undefined = undefined;
  private readonly edits: Edits;
  private decoded: { readonly by: unknown; readonly attributes: unknown } | undefined = undefined;

  constructor(
    op: Op,
    name: string,
    inputs: readonly (Value | undefined)[],
    outputs: readonly (Value | undefined)[],
    attributes: ReadonlyMap<string, Attribute>,
    captures: readonly Value[],
    edits: Edits,
  ) {
    this.op = op;
    this.name = name;
    this.inputs = inputs.slice();
    this.captures = captures.length > 0 ? captures.slice() : NO_CAPTURES;
    this.operands = present(this.inputs, this.captures);
    this.outputs = outputs.slice();
    this.output = outputs[0];
    this.attributes = attributes;
    this.subgraphs = attributes.size > 0 ? subgraphsIn(attributes) : NO_SUBGRAPHS;
    this.edits = edits;
    const { operands } = this;
    for (let i = 0; i < operands.length; i++) operands[i]?.countOperand(this, 1);
    setProducer(outputs, this);
  }

  /** How errors and reports call this node: its name, or op and first output. */
  get label(): string {
    return this.name || `${this.op.name}(${this.output?.name ?? ''})`;
  }

  /** @internal What `decode` makes of the attributes, kept until one of them changes. */
  decodeAttributes<T>(decode: (node: Node) => T): T {
    if (this.decoded?.by !== decode) this.decoded = { by: decode, attributes: decode(this) };
    return this.decoded.attributes as T;
  }

  /** Connects input `index` to another value (or leaves it out). */
  setInput(index: number, value: Value | undefined): void {
    const inputs = this.inputs.slice();
    inputs[index]?.countOperand(this, -1);
    while (inputs.length < index) inputs.push(undefined);
    inputs[index] = value;
    value?.countOperand(this, 1);
    while (inputs.length > 0 && inputs.at(-1) === undefined) inputs.pop();
    this.setOperands(inputs, this.captures);
  }

  /** Makes every operand slot that reads `from` read `to`. */
  replaceOperand(from: Value, to: Value): void {
    const swap = (value: Value): Value => {
      if (value !== from) return value;
      from.countOperand(this, -1);
      to.countOperand(this, 1);
      return to;
    };
    const inputs = this.inputs.map((value) => value && swap(value));
    this.setOperands(inputs, this.captures.map(swap));
  }

  setAttribute(name: string, attribute: Attribute | undefined): void {
    const attributes = new Map(this.attributes);
    if (attribute) attributes.set(name, attribute);
    else attributes.delete(name);
    const self = this as Writable<Node>;
    self.attributes = attributes;
    self.subgraphs = subgraphsIn(attributes);
    this.decoded = undefined;
    this.edits.count++;
    this.edits.nesting++;
  }

  /** Adds an outer value that a subgraph reads and returns its index in `captures`. */
  addCapture(value: Value): number {
    const known = this.captures.indexOf(value);
    if (known >= 0) return known;
    value.countOperand(this, 1);
    this.setOperands(this.inputs, [...this.captures, value]);
    return this.captures.length - 1;
  }

  /** @internal Called by `recapture` only, which keeps the sources of the subgraphs in step. */
  setCaptures(values: readonly Value[]): void {
    for (const value of this.captures) value.countOperand(this, -1);
    for (const value of values) value.countOperand(this, 1);
    this.setOperands(this.inputs, values.slice());
  }

  /** @internal Called by Graph only. */
  dropOutput(index: number): void {
    const self = this as Writable<Node>;
    setProducer([this.outputs[index]], undefined);
    self.outputs = this.outputs.with(index, undefined);
    self.output = self.outputs[0];
    this.edits.count++;
  }

  /** @internal Called by Graph only: disconnects every operand and output. */
  detach(): void {
    const { operands, outputs } = this;
    for (let i = 0; i < operands.length; i++) operands[i]?.countOperand(this, -1);
    setProducer(outputs, undefined);
    this.setOperands([], []);
  }

  private setOperands(inputs: readonly (Value | undefined)[], captures: readonly Value[]): void {
    const self = this as Writable<Node>;
    self.inputs = inputs;
    self.captures = captures;
    self.operands = present(inputs, captures);
    this.edits.count++;
  }
}

function setProducer(outputs: readonly (Writable<Value> | undefined)[], producer: Node | undefined): void {
  for (let i = 0; i < outputs.length; i++) {
    const output = outputs[i];
    if (output) output.producer = producer;
  }
}

function present(inputs: readonly (Value | undefined)[], captures: readonly Value[]): readonly Value[] {
  if (captures.length === 0 && !inputs.includes(undefined)) return inputs as readonly Value[];
  const found: Value[] = [];
  for (const value of inputs) if (value) found.push(value);
  for (const value of captures) found.push(value);
  return found;
}

function subgraphsIn(attributes: ReadonlyMap<string, Attribute>): readonly Subgraph[] {
  const found: Subgraph[] = [];
  attributes.forEach((attribute) => {
    if (attribute.kind === 'graph') found.push(attribute.value);
    else if (attribute.kind === 'graphs') found.push(...attribute.value);
  });
  return found.length > 0 ? found : NO_SUBGRAPHS;
}
