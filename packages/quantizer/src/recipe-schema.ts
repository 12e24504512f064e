import * as v from 'valibot';
import { fieldFault } from './field-fault.js';
import { layerRule, observerName } from './layer-rule.js';
import { ACTIVATION_DTYPES, BLOCK_SIZES, WEIGHT_DTYPES } from './precision.js';
import { QuantizerError } from './quantizer-error.js';
import { IO_TYPES, MODES, type Recipe, STATIC_FORMATS, WEIGHT_ONLY_FORMATS } from './recipe.js';
import { WEIGHT_ROUNDING_NAMES } from './weight-rounding/index.js';

const globs = v.pipe(v.array(v.pipe(v.string(), v.minLength(1))), v.readonly());

/** Recipes as JSON; published as docs/schemas/recipe.json. What is left out has its default. */
export const recipeSchema = v.strictObject({
  $schema: v.exactOptional(v.string()),
  mode: v.exactOptional(v.picklist(MODES)),
  weights: v.exactOptional(v.picklist(WEIGHT_DTYPES)),
  symmetricWeights: v.exactOptional(v.boolean()),
  activations: v.exactOptional(v.picklist(ACTIVATION_DTYPES)),
  symmetricActivations: v.exactOptional(v.boolean()),
  perChannel: v.exactOptional(v.boolean()),
  reduceRange: v.exactOptional(v.boolean()),
  blockSize: v.exactOptional(v.picklist(BLOCK_SIZES)),
  format: v.exactOptional(v.picklist(STATIC_FORMATS)),
  weightOnlyFormat: v.exactOptional(v.picklist(WEIGHT_ONLY_FORMATS)),
  rounding: v.exactOptional(v.picklist(WEIGHT_ROUNDING_NAMES)),
  observer: v.exactOptional(observerName),
  percentile: v.exactOptional(v.pipe(v.number(), v.gtValue(50), v.maxValue(100))),
  leastSqnr: v.exactOptional(v.pipe(v.number(), v.minValue(0), v.maxValue(200))),
  include: v.exactOptional(globs),
  exclude: v.exactOptional(globs),
  layers: v.exactOptional(v.pipe(v.array(layerRule), v.readonly())),
  io: v.exactOptional(v.picklist(IO_TYPES)),
  strict: v.exactOptional(v.boolean()),
});

/**
 * Checks the JSON of a recipe.
 * @param where The file, for errors.
 * @throws QuantizerError `RECIPE_FILE` with the field that is wrong.
 */
export function parseRecipe(json: unknown, where = 'recipe'): Partial<Recipe> {
  // An array is an object without fields to valibot.
  const result = v.safeParse(recipeSchema, Array.isArray(json) ? undefined : json);
  if (result.success) {
    const { $schema: _, ...recipe } = result.output;
    return recipe;
  }
  const [issue] = result.issues;
  throw new QuantizerError({
    code: 'RECIPE_FILE',
    where,
    message: `${fieldFault(issue)}.`,
    remedy: `Its fields are ${Object.keys(recipeSchema.entries).slice(1).join(', ')}.`,
  });
}
