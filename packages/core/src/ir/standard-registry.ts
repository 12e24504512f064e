import { standardOps } from './ops/index.js';
import { OpRegistry } from './registry.js';

/** A registry of every op that Octavo defines, and of `extra` ones. */
export function standardRegistry(extra: readonly OpRegistry['definitions'][number][] = []): OpRegistry {
  return new OpRegistry([...standardOps, ...extra]);
}
