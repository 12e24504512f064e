import type { Attribute, Subgraph } from './attribute.js';
import type { Edits } from './edits.js';
import type { InferredNode } from './inferred-node.js';
import type { Op } from './op.js';
import type { Value } from './value.js';

const NO_METADATA: ReadonlyMap<string, string> = new Map();

/** One application of an op. Created and edited only through its `Graph`. */
export class Node {
  readonly op: Op;
  /** May be empty; not unique in files. */
  name: string;
  docString = '';
  /** Key-value pairs carried from the file (`metadata_props`). */
  metadata: ReadonlyMap<string, string> = NO_METADATA;
  /** Overload of a local function, usually empty. */
  overload = '';
  private inputList: (Value | undefined)[];
  private captureList: Value[];
  private readonly outputList: (Value | undefined)[];
  /** Replaced, never written to: other nodes may have it too. */
  private attributeMap: ReadonlyMap<string, Attribute>;
  private readonly edits: Edits;
  /** @internal Where it lies in the list that is being sorted. */
  position = 0;
  /** @internal Kept by `inferTypes` for its next run. */
  inferred: InferredNode | undefined;
  /** What `operands` and `subgraphs` gave, until that changes. */
  private operandList: readonly Value[] | undefined;
  private subgraphList: readonly Subgraph[] | undefined;
  private decoded: { readonly by: unknown; readonly attributes: unknown } | undefined;

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
    this.inputList = [...inputs];
    this.captureList = [...captures];
    this.outputList = [...outputs];
    this.attributeMap = attributes;
    this.edits = edits;
    const { operands, outputList } = this;
    for (let i = 0; i < operands.length; i++) operands[i]?.countOperand(this, 1);
    for (let i = 0; i < outputList.length; i++) outputList[i]?.setProducer(this);
  }

  /** Inputs by position; undefined where an optional one is left out. */
  get inputs(): readonly (Value | undefined)[] {
    return this.inputList;
  }

  /** Outputs by position; undefined where an optional one is left out. */
  get outputs(): readonly (Value | undefined)[] {
    return this.outputList;
  }

  /** Values of the enclosing graph that this node's subgraphs read. */
  get captures(): readonly Value[] {
    return this.captureList;
  }

  get attributes(): ReadonlyMap<string, Attribute> {
    return this.attributeMap;
  }

  /** Every value this node reads: inputs that are present, then captures. */
  get operands(): readonly Value[] {
    this.operandList ??= present(this.inputList, this.captureList);
    return this.operandList;
  }

  /** The first output. Throws nothing: a node without outputs gives undefined. */
  get output(): Value | undefined {
    return this.outputList[0];
  }

  /** The graphs in this node's attributes, in attribute order. */
  get subgraphs(): readonly Subgraph[] {
    this.subgraphList ??= this.attributeMap.size === 0 ? NO_SUBGRAPHS : subgraphsIn(this.attributeMap);
    return this.subgraphList;
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
    this.inputList[index]?.countOperand(this, -1);
    while (this.inputList.length < index) this.inputList.push(undefined);
    this.inputList[index] = value;
    value?.countOperand(this, 1);
    while (this.inputList.length > 0 && this.inputList.at(-1) === undefined) this.inputList.pop();
    this.operandsChanged();
  }

  /** Makes every operand slot that reads `from` read `to`. */
  replaceOperand(from: Value, to: Value): void {
    const swap = (value: Value): Value => {
      if (value !== from) return value;
      from.countOperand(this, -1);
      to.countOperand(this, 1);
      return to;
    };
    this.inputList = this.inputList.map((value) => value && swap(value));
    this.captureList = this.captureList.map(swap);
    this.operandsChanged();
  }

  setAttribute(name: string, attribute: Attribute | undefined): void {
    this.subgraphList = undefined;
    this.decoded = undefined;
    this.edits.count++;
    const attributes = new Map(this.attributeMap);
    if (attribute) attributes.set(name, attribute);
    else attributes.delete(name);
    this.attributeMap = attributes;
  }

  /** Adds an outer value that a subgraph reads and returns its index in `captures`. */
  addCapture(value: Value): number {
    const known = this.captureList.indexOf(value);
    if (known >= 0) return known;
    value.countOperand(this, 1);
    this.operandsChanged();
    return this.captureList.push(value) - 1;
  }

  /** @internal Called by `recapture` only, which keeps the sources of the subgraphs in step. */
  setCaptures(values: readonly Value[]): void {
    for (const value of this.captureList) value.countOperand(this, -1);
    for (const value of values) value.countOperand(this, 1);
    this.captureList = [...values];
    this.operandsChanged();
  }

  /** @internal Called by Graph only. */
  dropOutput(index: number): void {
    this.outputList[index]?.setProducer(undefined);
    this.outputList[index] = undefined;
    this.edits.count++;
  }

  /** @internal Called by Graph only: disconnects every operand and output. */
  detach(): void {
    for (const value of this.operands) value.countOperand(this, -1);
    for (const value of this.outputList) value?.setProducer(undefined);
    this.inputList = [];
    this.captureList = [];
    this.operandsChanged();
  }

  private operandsChanged(): void {
    this.operandList = undefined;
    this.edits.count++;
  }
}

const NO_SUBGRAPHS: readonly Subgraph[] = [];

function present(inputs: readonly (Value | undefined)[], captures: readonly Value[]): readonly Value[] {
  const found: Value[] = [];
  for (let i = 0; i < inputs.length; i++) {
    const value = inputs[i];
    if (value) found.push(value);
  }
  if (captures.length > 0) found.push(...captures);
  return found;
}

function subgraphsIn(attributes: ReadonlyMap<string, Attribute>): readonly Subgraph[] {
  const found: Subgraph[] = [];
  for (const attribute of attributes.values()) {
    if (attribute.kind === 'graph') found.push(attribute.value);
    else if (attribute.kind === 'graphs') found.push(...attribute.value);
  }
  return found.length > 0 ? found : NO_SUBGRAPHS;
}
