import { type Mode, parseRecipe, RECIPE_DEFAULTS, type Recipe } from '@octavo/quantizer';
import type { Command } from 'commander';
import { readJson } from './json-file.js';
import { UsageError } from './usage-error.js';

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

/** The modes that read a field, where not all do; a search chooses them itself, like the flags of the same name. */
const MODES_OF: Readonly<Partial<Record<keyof Recipe, readonly Mode[]>>> = {
  weights: ['static', 'dynamic', 'weight-only'],
  symmetricWeights: ['static', 'dynamic', 'weight-only'],
  activations: ['static'],
  symmetricActivations: ['static'],
  perChannel: ['static', 'dynamic'],
  blockSize: ['static', 'weight-only'],
  format: ['static'],
  weightOnlyFormat: ['static', 'weight-only'],
  rounding: ['weight-only'],
  observer: ['static'],
  percentile: ['static'],
  leastSqnr: ['static'],
  io: ['static', 'fp16', 'bf16'],
  strict: ['fp16', 'bf16'],
};

/**
 * Refuses fields that say nothing in a mode. Recipes of reports name every field, so that its default is no choice, except
 * where a search would choose otherwise.
 * @param path The recipe's file.
 * @throws UsageError.
 */
export function checkRecipe(path: string, recipe: Partial<Recipe>, mode: Mode | 'auto' | 'mixed'): void {
  const defaults = new Map<string, unknown>(Object.entries(RECIPE_DEFAULTS));
  const isSearch = mode === 'auto' || mode === 'mixed';
  const values = new Map<string, unknown>(Object.entries(recipe));
  for (const [field, modes] of Object.entries(MODES_OF)) {
    if (modes.some((each) => each === mode) || !values.has(field)) continue;
    if (isSearch || values.get(field) !== defaults.get(field))
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
  for (const [field, flag] of Object.entries(FLAG_OF)) {
    const value = Object.entries(recipe).find(([name]) => name === field)?.[1];
    if (value !== undefined) set(flag, value);
  }
  if (recipe.perChannel !== undefined && !given('perChannel')) set('perTensor', !recipe.perChannel);
}
