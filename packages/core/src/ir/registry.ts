import { type Op, unknownOp } from './op.js';

/** Op definitions by domain, name and version; ops that nobody defined get one interned stand-in each. */
export class OpRegistry {
  private readonly versions: ReadonlyMap<string, readonly Op[]>;
  private readonly unknown = new Map<string, Op>();

  /** @param definitions Or another registry, for one with the same definitions and stand-ins of its own. */
  constructor(definitions: readonly Op[] | OpRegistry) {
    this.versions = definitions instanceof OpRegistry ? definitions.versions : versionsOf(definitions);
  }

  /** All definitions, grouped by op, newest version first. */
  get definitions(): readonly Op[] {
    return [...this.versions.values()].flat();
  }

  /** The definition in force at `opset`; a stand-in with `known: false` when there is none. `ai.onnx` means ``. */
  lookup(domain: string, name: string, opset: number): Op {
    const key = keyOf(domain, name);
    const versions = this.versions.get(key) ?? NO_VERSIONS;
    for (let i = 0; i < versions.length; i++) {
      const definition = versions[i];
      if (definition && definition.since <= opset) return definition;
    }
    const standIn = this.unknown.get(key) ?? unknownOp(canonicalDomain(domain), name);
    this.unknown.set(key, standIn);
    return standIn;
  }
}

const NO_VERSIONS: readonly Op[] = [];

/** Definitions by domain and name, newest version first. */
function versionsOf(definitions: readonly Op[]): ReadonlyMap<string, readonly Op[]> {
  const versions = new Map<string, Op[]>();
  for (const definition of definitions) {
    const key = keyOf(definition.domain, definition.name);
    const list = versions.get(key) ?? [];
    list.push(definition);
    list.sort((a, b) => b.since - a.since);
    versions.set(key, list);
  }
  return versions;
}

/** ONNX's own domain has two spellings. */
export function canonicalDomain(domain: string): string {
  return domain === 'ai.onnx' ? '' : domain;
}

function keyOf(domain: string, name: string): string {
  return `${canonicalDomain(domain)}::${name}`;
}
