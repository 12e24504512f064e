import { parseRecipe, type Recipe } from '@octavo/quantizer';
import type { Command } from 'commander';
import { readJson } from './json-file.js';

/** The flag that says the same as a field of a recipe, where there is one. */
const FLAG_OF: Readonly<Partial<Record<keyof Recipe, string>>> = {
  mode: 'mode',
  weights: 'weights',
  activations: 'activations',
  blockSize: 'blockSize',
  observer: 'observer',
  include: 'include',
  exclude: 'exclude',
  io: 'io',
  strict: 'strict',
};

/**
 * Reads a recipe (docs/schemas/recipe.json).
 * @throws OctavoError `FILE_UNREADABLE`; QuantizerError `RECIPE_FILE`.
 */
export async function readRecipe(path: string): Promise<Partial<Recipe>> {
  return parseRecipe(await readJson(path, 'RECIPE_FILE', 'See docs/schemas/recipe.json.'), path);
}

/** Takes a recipe's fields as values of the flags that were not given. */
export function applyRecipe(command: Command, recipe: Partial<Recipe>): void {
  const given = (flag: string): boolean => command.getOptionValueSource(flag) === 'cli';
  const set = (flag: string, value: unknown): void => {
    if (!given(flag)) command.setOptionValueWithSource(flag, value, 'config');
  };
  for (const [field, flag] of Object.entries(FLAG_OF)) {
    const value = Object.entries(recipe).find(([name]) => name === field)?.[1];
    if (value !== undefined) set(flag, value);
  }
  if (recipe.perChannel !== undefined && !given('perChannel')) set('perTensor', !recipe.perChannel);
}
