import { canonicalDomain, type Op, unknownOp } from '@octavo/core/ir';
import type { ReadContext } from './read-context.js';

/** Finds the ops that the nodes of a graph, or of a function, name at the versions that it imports. */
export class OpFinder {
  private readonly context: Pick<ReadContext, 'registry' | 'functions'>;
  private readonly opsets: ReadonlyMap<string, number>;
  /** Ops that were found, by domain as nodes write it and name. */
  private readonly found = new Map<string, Map<string, Op>>();

  constructor(context: Pick<ReadContext, 'registry' | 'functions'>, opsets: ReadonlyMap<string, number>) {
    this.context = context;
    this.opsets = opsets;
  }

  find(domain: string, name: string): Op {
    const known = this.found.get(domain)?.get(name);
    if (known) return known;
    const op = this.lookUp(canonicalDomain(domain), name);
    const ofDomain = this.found.get(domain) ?? new Map<string, Op>();
    this.found.set(domain, ofDomain.set(name, op));
    return op;
  }

  /** A model's own function hides an op of the same name. */
  private lookUp(domain: string, name: string): Op {
    const { functions, registry } = this.context;
    if (functions.has(`${domain}::${name}`)) return unknownOp(domain, name);
    return registry.lookup(domain, name, this.opsets.get(domain) ?? 1);
  }
}
