import { type Op, unknownOp } from './op.js';

/** Op definitions by domain, name and version; ops that nobody defined get one interned stand-in each. */
export class OpRegistry {
  private readonly versions = new Map<string, Op[]>();
  private readonly unknown = new Map<string, Op>();

  constructor(definitions: readonly Op[]) {
    for (const definition of definitions) {
      const key = keyOf(definition.domain, definition.name);
      const list = this.versions.get(key) ?? [];
      list.push(definition);
      list.sort((a, b) => b.since - a.since);
      this.versions.set(key, list);
    }
  }

  /** All definitions, grouped by op, newest version first. */
  get definitions(): readonly Op[] {
    return [...this.versions.values()].flat();
  }

  /** The definition in force at `opset`; a stand-in with `known: false` when there is none. `ai.onnx` means ``. */
  lookup(domain: string, name: string, opset: number): Op {
    const key = keyOf(domain, name);
    const found = this.versions.get(key)?.find((definition) => definition.since <= opset);
    if (found) return found;
    const standIn = this.unknown.get(key) ?? unknownOp(canonicalDomain(domain), name);
    this.unknown.set(key, standIn);
    return standIn;
  }
}

/** ONNX's own domain has two spellings. */
export function canonicalDomain(domain: string): string {
  return domain === 'ai.onnx' ? '' : domain;
}

function keyOf(domain: string, name: string): string {
  return `${canonicalDomain(domain)}::${name}`;
}
