import { describe, expect, it } from 'vitest';
import type { Recipe } from './recipe.js';
import { parseRecipe } from './recipe-schema.js';

describe('parseRecipe', () => {
  it('takes every field of a recipe', () => {
    const recipe: Partial<Recipe> = {
      mode: 'static',
      weights: 'int4',
      symmetricWeights: false,
      activations: 'int16',
      symmetricActivations: true,
      perChannel: false,
      reduceRange: true,
      blockSize: 64,
      format: 'qoperator',
      weightOnlyFormat: 'qdq',
      observer: 'mse',
      percentile: 99.9,
      leastSqnr: 30,
      include: ['a'],
      exclude: ['b..c'],
      layers: [
        { nodes: ['/head/*'], weights: { dtype: 'int2', granularity: 'per-block', blockSize: 16 } },
        { from: ['a'], to: ['b'], activations: 'float', keepFloat: false, observer: 'entropy' },
      ],
      io: 'float',
      strict: true,
    };
    expect(parseRecipe({ $schema: 'https://example.com/recipe.json', ...recipe })).toEqual(recipe);
  });

  it.each([
    [[], 'it'],
    [{ mode: 'guess' }, 'mode'],
    [{ weight: 'int8' }, 'weight'],
    [{ layers: [{ nodes: [] }] }, 'layers.0.nodes'],
    [{ layers: [{ activations: { dtype: 'int4' } }] }, 'layers.0.activations.dtype'],
    [{ layers: [{ weights: { dtype: 'int5' } }] }, /layers\.0\.weights\.dtype: .*"int4".*received "int5"/],
    [{ layers: [{ weights: 'flat' }] }, 'layers.0.weights: '],
    [{ mode: 'x'.repeat(9999) }, /^.{0,900}$/],
    [{ blockSize: 24 }, 'blockSize'],
  ])('refuses %j and names %s', (json, field) => {
    expect(() => parseRecipe(json, 'recipe.json')).toThrow(
      expect.objectContaining({ code: 'RECIPE_FILE', where: 'recipe.json' }),
    );
    expect(() => parseRecipe(json)).toThrow(field);
  });
});
