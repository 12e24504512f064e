import { GraphError } from '../../tensor/index.js';
import type { Graph } from '../graph.js';
import type { Node } from '../node.js';
import type { Op } from '../op.js';
import type { Pass, PassLog } from '../pass.js';
import { isRead } from './edit.js';
import type { Captures, NodePattern } from './pattern.js';

type MaybePromise<T> = T | Promise<T>;

/** What {@link defineRule} takes; `C` is inferred from the pattern. */
export interface RuleSpec<C extends Captures> {
  readonly name: string;
  /** Matched against every node, which is its root. */
  readonly pattern: NodePattern<C>;
  /** Why this match is left alone, in words for the report; undefined to go on. May not change the graph. */
  declines?(captures: C, graph: Graph, root: Node): MaybePromise<string | undefined>;
  /** Changes the graph; everything it needs is in the captures. */
  rewrite(captures: C, graph: Graph, root: Node): MaybePromise<void>;
}

/** A local rewriting of a graph. */
export interface Rule {
  readonly name: string;
  /** The ops that the root of a match can have. */
  readonly roots: readonly Op[];
  /** Tries the rule at a node. */
  apply(graph: Graph, root: Node): Promise<Outcome>;
}

export type Outcome =
  | { readonly kind: 'fired' }
  | { readonly kind: 'declined'; readonly reason: string }
  | { readonly kind: 'no match' };

/** A rule from a pattern, a reason to decline and a rewriting. */
export function defineRule<C extends Captures>(spec: RuleSpec<C>): Rule {
  return {
    name: spec.name,
    roots: spec.pattern.ops,
    async apply(graph, root) {
      const found = spec.pattern.matchNode(root, { graph, captures: new Map() });
      if (!found) return { kind: 'no match' };
      const captures = Object.fromEntries(found.captures) as C;
      const reason = await spec.declines?.(captures, graph, root);
      if (reason !== undefined) return { kind: 'declined', reason };
      await spec.rewrite(captures, graph, root);
      return { kind: 'fired' };
    },
  };
}

/** More sweeps than this, and than there are nodes, can only mean rules that undo each other. */
const SWEEP_LIMIT = 1000;

/**
 * A pass that applies rules to every node whose outputs something reads, in topological order, until none fires. Running
 * it throws GraphError `RULES_ENDLESS` when that does not happen.
 */
export function rulePass(name: string, rules: readonly Rule[]): Pass {
  const byRoot = rulesByRoot(rules);
  return {
    name,
    async run(graph, log) {
      let changed = false;
      const limit = Math.max(SWEEP_LIMIT, graph.nodes.length);
      for (let sweep = 0; sweep < limit; sweep++) {
        const declined: (readonly [string, string, string])[] = [];
        const fired = await runSweep(graph, byRoot, log, declined);
        changed ||= fired;
        if (fired) continue;
        for (const [rule, place, reason] of declined) log.declined(rule, place, reason);
        return changed;
      }
      throw new GraphError({
        code: 'RULES_ENDLESS',
        message: `${rules.map((rule) => rule.name).join(', ')} still fire after ${limit} sweeps.`,
      });
    },
  };
}

/** Rules by the key of their root's op, in the order in which they are tried. */
function rulesByRoot(rules: readonly Rule[]): ReadonlyMap<string, readonly Rule[]> {
  const byRoot = new Map<string, Rule[]>();
  for (const rule of rules) {
    for (const { key } of rule.roots) {
      const others = byRoot.get(key) ?? [];
      if (!others.includes(rule)) byRoot.set(key, [...others, rule]);
    }
  }
  return byRoot;
}

async function runSweep(
  graph: Graph,
  byRoot: ReadonlyMap<string, readonly Rule[]>,
  log: PassLog,
  declined: (readonly [string, string, string])[],
): Promise<boolean> {
  let changed = false;
  const nodes = graph.sorted();
  for (let at = 0; at < nodes.length; at++) {
    const node = nodes[at];
    const rules = node && byRoot.get(node.op.key);
    if (!rules) continue;
    for (let i = 0; i < rules.length; i++) {
      const rule = rules[i];
      // A node that nothing reads would stay beside its new form, and match again.
      if (!rule || !graph.has(node) || !isRead(graph, node)) break;
      const place = node.label;
      const outcome = await rule.apply(graph, node);
      if (outcome.kind === 'declined') declined.push([rule.name, place, outcome.reason]);
      if (outcome.kind !== 'fired') continue;
      log.fired(rule.name, place);
      changed = true;
    }
  }
  return changed;
}
