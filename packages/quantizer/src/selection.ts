import type { Node } from '@octavo/core/ir';
import type { Recipe } from './recipe.js';

/** Why the recipe's include and exclude lists keep a node float; undefined when they do not. */
export function excludedBecause(node: Node, recipe: Pick<Recipe, 'include' | 'exclude'>): string | undefined {
  const hit = recipe.exclude.find((glob) => matches(glob, node));
  if (hit !== undefined) return `excluded by ${hit}`;
  if (recipe.include.length > 0 && !recipe.include.some((glob) => matches(glob, node)))
    return 'not in the include list';
  return undefined;
}

/** Patterns of the recipe that match no node: usually a typing error. */
export function unmatchedPatterns(
  nodes: readonly Node[],
  recipe: Pick<Recipe, 'include' | 'exclude'>,
): string[] {
  return [...recipe.include, ...recipe.exclude].filter((glob) => !nodes.some((node) => matches(glob, node)));
}

/** A glob (`*` any run, `?` one character) against a node's name, label, op type and first output. */
function matches(glob: string, node: Node): boolean {
  const source = glob
    .replace(/[.+^${}()|[\]\\]/g, '\\$&')
    .replaceAll('*', '.*')
    .replaceAll('?', '.');
  const pattern = new RegExp(`^${source}$`);
  return [node.name, node.label, node.op.name, node.output?.name ?? ''].some((text) => pattern.test(text));
}
