import { storedConstant } from '../constant-value.js';
import type { Graph } from '../graph.js';
import type { Node } from '../node.js';
import type { Op } from '../op.js';
import type { Value } from '../value.js';

/** What a pattern found, by the names that it gave. */
export type Captures = Readonly<Record<string, Node | Value | undefined>>;

/** Captures collected so far in a graph; the same name must mean the same thing. */
export interface Found {
  readonly graph: Graph;
  readonly captures: ReadonlyMap<string, Node | Value>;
}

/**
 * What an input of a node must look like. `C` lists what a match captures. `match` returns the captures extended,
 * or undefined; it never changes the graph.
 */
export interface Pattern<C extends Captures = Captures> {
  match(value: Value | undefined, found: Found): Found | undefined;
  /** Carries `C` in the type; absent at run time. */
  readonly captures?: C;
}

/** A pattern for a value that a node of a given op computes, with the patterns of its inputs. */
export interface NodePattern<C extends Captures = Captures> extends Pattern<C> {
  readonly ops: readonly Op[];
  matchNode(node: Node, found: Found): Found | undefined;
  /** Captures the node. */
  as<N extends string>(name: N): NodePattern<C & { readonly [K in N]: Node }>;
  /** Also tries the first two inputs in the other order. */
  commutative(): NodePattern<C>;
  /** Demands that one node reads the first output, nobody the others, and none is an output of the graph. */
  once(): NodePattern<C>;
}

type CapturesOf<P> = P extends Pattern<infer C> ? C : never;
type Merged<P extends readonly Pattern[]> = P extends readonly [infer First, ...infer Rest]
  ? Rest extends readonly Pattern[]
    ? CapturesOf<First> & Merged<Rest>
    : never
  : Record<never, never>;

/** Patterns: `match.op(Relu, match.op(Conv, match.any('x'), match.constant('w')).as('conv'))`. */
export const match = {
  /** Any value that is present. */
  any<N extends string = never>(name?: N): Pattern<{ readonly [K in N]: Value }> {
    return { match: (value, found) => value && bind(found, name, value) };
  },

  /** An initializer, or the output of a `Constant` node. */
  constant<N extends string = never>(name?: N): Pattern<{ readonly [K in N]: Value }> {
    return {
      match: (value, found) => (value && storedConstant(value) ? bind(found, name, value) : undefined),
    };
  },

  /** An optional input that is left out. */
  absent(): Pattern<Record<never, never>> {
    return { match: (value, found) => (value ? undefined : found) };
  },

  /** An input that may be left out; what is there must fit. */
  optional<C extends Captures>(pattern: Pattern<C>): Pattern<Partial<C>> {
    return { match: (value, found) => (value ? pattern.match(value, found) : found) };
  },

  /** The first output of a node of `op` (or one of several ops). Inputs beyond the given patterns may be anything. */
  op<const P extends readonly Pattern[]>(op: Op | readonly Op[], ...inputs: P): NodePattern<Merged<P>> {
    const ops = 'is' in op ? [op] : op;
    return nodePattern<Merged<P>>({ ops, inputs, name: undefined, commutative: false, once: false });
  },
} as const;

function bind(found: Found, name: string | undefined, item: Node | Value): Found | undefined {
  if (name === undefined) return found;
  const known = found.captures.get(name);
  if (known) return known === item ? found : undefined;
  return { ...found, captures: new Map(found.captures).set(name, item) };
}

interface NodeParts {
  readonly ops: readonly Op[];
  readonly inputs: readonly Pattern[];
  readonly name: string | undefined;
  readonly commutative: boolean;
  readonly once: boolean;
}

function nodePattern<C extends Captures>(parts: NodeParts): NodePattern<C> {
  const pattern: NodePattern<C> = {
    ops: parts.ops,
    match: (value, found) =>
      value?.producer && value.producer.output === value
        ? pattern.matchNode(value.producer, found)
        : undefined,
    matchNode: (node, found) => matchNode(parts, node, found),
    as: (name) => nodePattern({ ...parts, name }),
    commutative: () => nodePattern({ ...parts, commutative: true }),
    once: () => nodePattern({ ...parts, once: true }),
  };
  return pattern;
}

function matchNode(parts: NodeParts, node: Node, found: Found): Found | undefined {
  if (!isOneOf(parts.ops, node)) return undefined;
  if (parts.once && !readOnce(node, found.graph)) return undefined;
  const bound = bind(found, parts.name, node);
  const { inputs } = node;
  const direct = bound && matchInputs(parts.inputs, inputs, bound);
  if (direct || !bound || !parts.commutative) return direct;
  return matchInputs(parts.inputs, [inputs[1], inputs[0], ...inputs.slice(2)], bound);
}

function isOneOf(ops: readonly Op[], { op: { key } }: Node): boolean {
  for (let i = 0; i < ops.length; i++) if (ops[i]?.key === key) return true;
  return false;
}

function matchInputs(
  patterns: readonly Pattern[],
  inputs: readonly (Value | undefined)[],
  found: Found,
): Found | undefined {
  let result: Found | undefined = found;
  for (let i = 0; result && i < patterns.length; i++) result = patterns[i]?.match(inputs[i], result);
  return result;
}

function readOnce(node: Node, graph: Graph): boolean {
  const [first, ...others] = node.outputs;
  if (first?.users.length !== 1 || graph.isOutput(first)) return false;
  return others.every((value) => !value || (!value.isRead && !graph.isOutput(value)));
}
