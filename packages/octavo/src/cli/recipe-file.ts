import { parseRecipe, RECIPE_DEFAULTS, type Recipe } from '@octavo/quantizer';
import type { Command } from 'commander';
import { isSearch, MODES_OF_FIELD, type QuantizeMode } from './commands/quantize-modes.js';
import { readJson } from './json-file.js';
import { UsageError } from './usage-error.js';

/** Fields that a flag of the same name says, and that have a default there. */
const FLAGS = [
  'mode',
  'weights',
  'activations',
  'reduceRange',
  'blockSize',
  'observer',
  'include',
  'exclude',
  'io',
  'strict',
] as const satisfies readonly (keyof Recipe)[];

/**
 * Refuses fields that say nothing in a mode. Recipes of reports name every field, so that its default is no choice, except
 * where a search would choose otherwise.
 * @param path The recipe's file.
 * @throws UsageError.
 */
export function checkRecipe(path: string, recipe: Partial<Recipe>, mode: QuantizeMode): void {
  const defaults = new Map<string, unknown>(Object.entries(RECIPE_DEFAULTS));
  const values = new Map<string, unknown>(Object.entries(recipe));
  for (const [field, modes] of Object.entries(MODES_OF_FIELD)) {
    if (modes.some((each) => each === mode) || !values.has(field)) continue;
    if (isSearch(mode) || values.get(field) !== defaults.get(field))
      throw new UsageError(
        `${path}: ${field} has no meaning with --mode ${mode}.`,
        `Leave it out, or use --mode ${modes.join(' or ')}.`,
      );
  }
}

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
  for (const flag of FLAGS) {
    const { [flag]: value } = recipe;
    if (value !== undefined) set(flag, value);
  }
  if (recipe.perChannel !== undefined && !given('perChannel')) set('perTensor', !recipe.perChannel);
}
