import type { Tensor } from '../tensor/index.js';
import { GraphError } from '../tensor/index.js';
import type {
  Attribute,
  AttributeArguments,
  AttributeSchema,
  AttributeSpec,
  AttributesOf,
} from './attribute.js';
import type { Node } from './node.js';
import type { Dim, TensorType, Value } from './value.js';

/** `X` is required, `B?` optional, `inputs...` takes the rest (last only). */
export type Slot = string;

type Bare<S extends string> = S extends `${infer N}?` ? N : S extends `${infer N}...` ? N : S;

/** Values by slot name. */
export type SlotsOf<S extends readonly Slot[]> = {
  readonly [K in S[number] as Bare<K>]: K extends `${string}...`
    ? readonly (Value | undefined)[]
    : K extends `${string}?`
      ? Value | undefined
      : Value;
};

/** What `Graph.emit` takes: optional slots may be missing. */
export type SlotArguments<S extends readonly Slot[]> = {
  readonly [K in S[number] as K extends `${string}?` ? never : Bare<K>]: K extends `${string}...`
    ? readonly (Value | undefined)[]
    : Value;
} & { readonly [K in S[number] as K extends `${string}?` ? Bare<K> : never]?: Value | undefined };

/** What type inference may look at, whatever the op. */
export interface NodeContext {
  readonly node: Node;
  /** Version of the op's domain in this graph. */
  readonly opset: number;
  /** The elements of a small constant value that is in memory, else undefined. */
  constant(value: Value | undefined): Tensor | undefined;
  /** The elements of an integer value that holds a shape, where they are known symbolically, else undefined. */
  dims(value: Value | undefined): readonly Dim[] | undefined;
}

/** The same with the node's inputs and attributes, typed. */
export interface InferenceContext<I extends readonly Slot[], A extends AttributeSchema> extends NodeContext {
  readonly inputs: SlotsOf<I>;
  readonly attributes: AttributesOf<A>;
}

/** Types of the outputs by position; undefined where nothing can be said. Throws GraphError on a contradiction. */
export type InferTypes<I extends readonly Slot[], A extends AttributeSchema> = (
  context: InferenceContext<I, A>,
) => readonly (TensorType | undefined)[];

export interface OpSpec<I extends readonly Slot[], O extends readonly Slot[], A extends AttributeSchema> {
  readonly name: string;
  /** Empty (the default) is ONNX's own domain. */
  readonly domain?: string;
  /** First version of the domain with these semantics (default 1). */
  readonly since?: number;
  readonly inputs: I;
  readonly outputs: O;
  readonly attributes?: A;
  readonly inferTypes: InferTypes<I, A>;
}

/** A node whose op has a definition. */
export type DefinedNode = Node & { readonly op: { readonly known: true } };

/** What a node means: an op as a value, seen without the types of its slots and attributes. */
export interface Op {
  readonly name: string;
  readonly domain: string;
  /** First version of the domain with these semantics. */
  readonly since: number;
  /** The same for ops of the same name, domain and since-version, and for no others. */
  readonly key: string;
  readonly inputSlots: readonly Slot[];
  readonly outputSlots: readonly Slot[];
  readonly attributeSchema: AttributeSchema;
  /** False for ops that were read from a file but have no definition here. */
  readonly known: boolean;
  /** Whether a node is of this op (same name, domain and since-version). */
  is(node: Node | undefined): node is DefinedNode;
  infer(context: NodeContext): readonly (TensorType | undefined)[];
}

/** An op with typed access to nodes of its kind. Made by {@link defineOp}. */
export interface OpDefinition<I extends readonly Slot[], O extends readonly Slot[], A extends AttributeSchema>
  extends Op {
  readonly inputSlots: I;
  readonly outputSlots: O;
  readonly attributeSchema: A;
  /** The node's inputs by slot name. Throws GraphError `OP_INPUT` when a required one is missing. */
  inputs(node: Node): SlotsOf<I>;
  /** The node's typed attributes, defaults applied. Throws GraphError `OP_ATTRIBUTE` on a missing or ill-typed one. */
  attributes(node: Node): AttributesOf<A>;
  /** Positional inputs from named ones, trailing gaps dropped. */
  arrangeInputs(slots: SlotArguments<I>): (Value | undefined)[];
  /** Stored attributes from typed ones; undefined ones are left out. */
  encodeAttributes(attributes: AttributeArguments<A>): Map<string, Attribute>;
}

/** Defines an op. Slots and attributes of the result are typed from the arguments. */
export function defineOp<
  const I extends readonly Slot[],
  const O extends readonly Slot[],
  const A extends AttributeSchema = Record<never, never>,
>(spec: OpSpec<I, O, A>): OpDefinition<I, O, A> {
  const domain = spec.domain ?? '';
  const since = spec.since ?? 1;
  const key = `${domain}::${spec.name}::${since}`;
  const schema = spec.attributes ?? ({} as A);
  const slots = spec.inputs.map(slotOf);
  const entries = Object.entries(schema);
  const decode = (node: Node) => readAttributes(node, entries) as AttributesOf<A>;
  return {
    name: spec.name,
    domain,
    since,
    key,
    inputSlots: spec.inputs,
    outputSlots: spec.outputs,
    attributeSchema: schema,
    known: true,
    is: (node): node is DefinedNode => node?.op.key === key,
    inputs: (node) => readSlots(node, slots) as SlotsOf<I>,
    attributes: (node) => node.decodeAttributes(decode),
    arrangeInputs: (values) => arrange(slots, values),
    encodeAttributes: (attributes) => encode(schema, attributes),
    infer: ({ node, opset, constant, dims }) =>
      spec.inferTypes({
        node,
        opset,
        constant,
        dims,
        inputs: readSlots(node, slots) as SlotsOf<I>,
        attributes: node.decodeAttributes(decode),
      }),
  };
}

/** A stand-in for an op without definition: carries any node literally and infers nothing. */
export function unknownOp(domain: string, name: string): Op {
  return {
    ...defineOp({ name, domain, inputs: ['inputs...'], outputs: ['outputs...'], inferTypes: () => [] }),
    known: false,
  };
}

/** A slot taken apart. */
interface NamedSlot {
  readonly name: string;
  readonly kind: 'required' | 'optional' | 'rest';
}

function slotOf(slot: Slot): NamedSlot {
  if (slot.endsWith('...')) return { name: slot.slice(0, -3), kind: 'rest' };
  if (slot.endsWith('?')) return { name: slot.slice(0, -1), kind: 'optional' };
  return { name: slot, kind: 'required' };
}

function readSlots(
  node: Node,
  slots: readonly NamedSlot[],
): Record<string, Value | undefined | readonly (Value | undefined)[]> {
  const { inputs } = node;
  const result: Record<string, Value | undefined | readonly (Value | undefined)[]> = {};
  for (let index = 0; index < slots.length; index++) {
    const slot = slots[index];
    if (!slot) continue;
    const value = inputs[index];
    if (!value && slot.kind === 'required') {
      throw new GraphError({
        code: 'OP_INPUT',
        where: `node ${node.label}`,
        message: `${node.op.name} needs the input ${slot.name} (position ${index}), which is missing.`,
      });
    }
    result[slot.name] = slot.kind === 'rest' ? inputs.slice(index) : value;
  }
  return result;
}

function readAttributes(
  node: Node,
  schema: readonly (readonly [string, AttributeSpec<unknown>])[],
): Record<string, unknown> {
  const result: Record<string, unknown> = {};
  const { attributes } = node;
  for (let index = 0; index < schema.length; index++) {
    const name = schema[index]?.[0] ?? '';
    const spec = schema[index]?.[1];
    if (!spec) continue;
    const stored = attributes.get(name);
    const value = stored ? spec.decode(stored) : spec.fallback;
    if (stored ? value === undefined : spec.required) {
      const found = stored ? `found a value of kind ${stored.kind} that does not fit` : 'it is missing';
      throw new GraphError({
        code: 'OP_ATTRIBUTE',
        where: `node ${node.label}`,
        message: `${node.op.name} needs the attribute ${name} (${spec.kind}); ${found}.`,
      });
    }
    result[name] = value;
  }
  return result;
}

function arrange(
  slots: readonly NamedSlot[],
  values: Readonly<Record<string, unknown>>,
): (Value | undefined)[] {
  const inputs = slots.flatMap(({ name, kind }) => {
    const value = values[name] as Value | undefined | readonly (Value | undefined)[];
    return kind === 'rest' ? ((value ?? []) as readonly (Value | undefined)[]) : [value as Value | undefined];
  });
  while (inputs.length > 0 && inputs.at(-1) === undefined) inputs.pop();
  return inputs;
}

function encode<A extends AttributeSchema>(schema: A, values: AttributeArguments<A>): Map<string, Attribute> {
  const result = new Map<string, Attribute>();
  for (const [name, value] of Object.entries(values)) {
    const spec = schema[name];
    if (spec && value !== undefined && value !== null) result.set(name, spec.encode(value));
  }
  return result;
}
