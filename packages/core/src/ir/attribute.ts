import type { StoredTensor } from '../tensor/index.js';
import type { Graph } from './graph.js';

/** An int64: a number when it is safe, otherwise a bigint. */
export type Int = number | bigint;

/**
 * A subgraph attribute (If, Loop, Scan). Its i-th captured value (`graph.captures[i]`) takes the value of the
 * owning node's `captures[sources[i]]`.
 */
export interface Subgraph {
  readonly graph: Graph;
  readonly sources: readonly number[];
}

/** An attribute as a file holds it. `reference` names an attribute of the enclosing local function. */
export type Attribute =
  | { readonly kind: 'int'; readonly value: Int }
  | { readonly kind: 'float'; readonly value: number }
  | { readonly kind: 'string'; readonly value: string }
  | { readonly kind: 'bytes'; readonly value: Uint8Array }
  | { readonly kind: 'tensor'; readonly value: StoredTensor }
  | { readonly kind: 'graph'; readonly value: Subgraph }
  | { readonly kind: 'ints'; readonly value: readonly Int[] }
  | { readonly kind: 'floats'; readonly value: readonly number[] }
  | { readonly kind: 'strings'; readonly value: readonly string[] }
  | { readonly kind: 'tensors'; readonly value: readonly StoredTensor[] }
  | { readonly kind: 'graphs'; readonly value: readonly Subgraph[] }
  | { readonly kind: 'reference'; readonly value: string; readonly type: number }
  | { readonly kind: 'opaque'; readonly value: Uint8Array };

export type AttributeKind = Attribute['kind'];

/** What a definition says about one attribute: its kind, and how the stored form becomes `T`. */
export interface AttributeSpec<T> {
  readonly kind: AttributeKind;
  readonly required: boolean;
  /** The value when the attribute is absent. */
  readonly fallback: T;
  /** The typed value, or undefined when the stored one is not acceptable. */
  decode(attribute: Attribute): T | undefined;
  encode(value: NonNullable<T>): Attribute;
}

export type AttributeSchema = Readonly<Record<string, AttributeSpec<unknown>>>;

/** The typed attributes of a schema, defaults applied. */
export type AttributesOf<A extends AttributeSchema> = {
  readonly [K in keyof A]: A[K] extends AttributeSpec<infer T> ? T : never;
};

/** What `Graph.emit` accepts for a schema. */
export type AttributeArguments<A extends AttributeSchema> = {
  readonly [K in keyof A]?: AttributesOf<A>[K] | undefined;
};

interface Codec<T> {
  readonly kind: AttributeKind;
  decode(attribute: Attribute): T | undefined;
  encode(value: T): Attribute;
}

const INT: Codec<number> = {
  kind: 'int',
  decode: (a) => (a.kind === 'int' ? Number(a.value) : undefined),
  encode: (value) => ({ kind: 'int', value }),
};
const FLOAT: Codec<number> = {
  kind: 'float',
  decode: (a) => (a.kind === 'float' ? a.value : undefined),
  encode: (value) => ({ kind: 'float', value: Math.fround(value) }),
};
const STRING: Codec<string> = {
  kind: 'string',
  decode: (a) => (a.kind === 'string' ? a.value : undefined),
  encode: (value) => ({ kind: 'string', value }),
};
const INTS: Codec<readonly number[]> = {
  kind: 'ints',
  decode: (a) => (a.kind === 'ints' ? a.value.map(Number) : undefined),
  encode: (value) => ({ kind: 'ints', value }),
};
const FLOATS: Codec<readonly number[]> = {
  kind: 'floats',
  decode: (a) => (a.kind === 'floats' ? a.value : undefined),
  encode: (value) => ({ kind: 'floats', value: value.map(Math.fround) }),
};
const STRINGS: Codec<readonly string[]> = {
  kind: 'strings',
  decode: (a) => (a.kind === 'strings' ? a.value : undefined),
  encode: (value) => ({ kind: 'strings', value }),
};
const TENSOR: Codec<StoredTensor> = {
  kind: 'tensor',
  decode: (a) => (a.kind === 'tensor' ? a.value : undefined),
  encode: (value) => ({ kind: 'tensor', value }),
};
const GRAPH: Codec<Subgraph> = {
  kind: 'graph',
  decode: (a) => (a.kind === 'graph' ? a.value : undefined),
  encode: (value) => ({ kind: 'graph', value }),
};

/** Each builder: `x()` is optional without default, `x(value)` has a default; `required.x()` must be present. */
function builder<T>(codec: Codec<T>) {
  function spec(): AttributeSpec<T | undefined>;
  function spec(fallback: T): AttributeSpec<T>;
  function spec(fallback?: T): AttributeSpec<T | undefined> {
    return { ...codec, required: false, fallback };
  }
  return spec;
}

function required<T>(codec: Codec<T>): () => AttributeSpec<T> {
  return () => ({ ...codec, required: true, fallback: undefined as T });
}

function oneOf<const S extends string>(first: S, ...rest: S[]): AttributeSpec<S> {
  const allowed: readonly S[] = [first, ...rest];
  return {
    kind: 'string',
    required: false,
    fallback: first,
    decode: (a) => (a.kind === 'string' ? allowed.find((each) => each === a.value) : undefined),
    encode: (value) => ({ kind: 'string', value }),
  };
}

/** Attribute builders for `defineOp`; `oneOf`'s first name is the default. */
export const attr = {
  int: builder(INT),
  float: builder(FLOAT),
  string: builder(STRING),
  ints: builder(INTS),
  floats: builder(FLOATS),
  strings: builder(STRINGS),
  tensor: builder(TENSOR),
  graph: builder(GRAPH),
  oneOf,
  required: {
    int: required(INT),
    float: required(FLOAT),
    string: required(STRING),
    ints: required(INTS),
    floats: required(FLOATS),
    tensor: required(TENSOR),
    graph: required(GRAPH),
  },
} as const;
