import type { Model } from '@octavo/core/ir';
import { REDUCED_INT8 } from '@octavo/core/quant';
import { toNumbers } from '@octavo/core/tensor';
import { describe, expect, it } from 'vitest';
import {
  codeOf,
  feedsOf,
  modelOf,
  quantize,
  runOnOnnxRuntime,
  runOnReference,
  sqnrOf,
  weights,
} from '../tests/run-models.js';
import type { Recipe } from './recipe.js';

const SOURCE = modelOf(`graph opset 13 {
  input %x: float32[2, 4, 4, 4]
  ${weights('w', [32, 4, 3, 3], 1, 36)}
  ${weights('b', [32], 2, 4)}
  ${weights('fc', [512, 32], 4, 64)}
  ${weights('m', [32, 40], 6, 32)}
  %c = Conv(%x, %w, %b) {pads=[1, 1, 1, 1]} @conv
  %f = Flatten(%c)
  %g = Gemm(%f, %fc) @gemm
  %y = MatMul(%g, %m) @matmul
  output %y
}`);

const WEIGHTS = ['w', 'fc', 'm'];

/** Smallest and largest integer of each weight that a quantized model stores, by the name of the float one. */
async function spans(model: Model): Promise<Record<string, readonly [number, number]>> {
  const found: Record<string, readonly [number, number]> = {};
  for (const { name, constant } of model.graph.initializers) {
    if (!name.endsWith('_quantized') || !constant || constant.shape.length < 2) continue;
    const numbers = toNumbers(await constant.load());
    found[name.replace('_quantized', '')] = [Math.min(...numbers), Math.max(...numbers)];
  }
  return found;
}

const { min, max } = REDUCED_INT8;
/** The names of those weights whose integers have 7 bits. */
const within = (found: Awaited<ReturnType<typeof spans>>): string[] =>
  Object.keys(found).filter((name) => {
    const [low, high] = found[name] ?? [Number.NaN, Number.NaN];
    return low >= min && high <= max;
  });

describe('a reduced range', () => {
  it.each<Partial<Recipe>>([
    {},
    { perChannel: false },
    { symmetricWeights: false },
    { format: 'qoperator' },
    { activations: 'int8' },
  ])('keeps int8 weights of static models in 7 bits: %j', async (changes) => {
    const { model, report } = await quantize(SOURCE, { ...changes, reduceRange: true });
    const reduced = await spans(model);
    expect(Object.keys(reduced)).toEqual(WEIGHTS);
    expect(within(reduced)).toEqual(WEIGHTS);
    for (const [low, high] of Object.values(reduced)) expect(Math.max(-low, high)).toBeGreaterThan(max - 2);
    for (const { op, because } of report.decisions)
      expect(because.includes(' of 7 bits')).toBe(op !== 'Flatten');
    const whole = await quantize(SOURCE, changes);
    expect(Object.keys(await spans(whole.model))).toEqual(WEIGHTS);
    expect(within(await spans(whole.model))).toEqual([]);
  });

  it('gives what onnxruntime gives as it comes on any processor, and about a bit less than the whole range', async () => {
    const feeds = feedsOf(SOURCE.graph, 3);
    const float = await runOnReference(SOURCE, feeds);
    const sqnrWith = async (reduceRange: boolean): Promise<number> => {
      const { model } = await quantize(SOURCE, { reduceRange });
      const ours = await runOnReference(model, feeds);
      if (reduceRange)
        expect(sqnrOf(await runOnOnnxRuntime(model, feeds, { exact: false }), ours)).toBeGreaterThan(40);
      return sqnrOf(float, ours);
    };
    const [whole, reduced] = [await sqnrWith(false), await sqnrWith(true)];
    expect(reduced).toBeLessThan(whole);
    expect(reduced).toBeGreaterThan(whole - 6.1);
  });

  it('leaves the weights of dynamic convolutions alone, which are uint8', async () => {
    const { model } = await quantize(SOURCE, { mode: 'dynamic', reduceRange: true });
    const found = await spans(model);
    expect(within(found).sort()).toEqual(['fc', 'm']);
    const [low = 0, high = 0] = found['w'] ?? [];
    expect(high - low).toBeGreaterThan(2 * max);
  });

  it('leaves layers alone that are no integer products, or not of int8 weights', async () => {
    const layers = [
      { nodes: ['conv'], activations: { dtype: 'int16' as const } },
      { nodes: ['gemm'], activations: 'float' as const },
      { nodes: ['matmul'], weights: { dtype: 'int4' as const } },
    ];
    const { model, report } = await quantize(SOURCE, { reduceRange: true, layers });
    const found = await spans(model);
    expect(Object.keys(found).sort()).toEqual(WEIGHTS.toSorted());
    expect(within(found), 'of int4').toEqual(['m']);
    for (const { because } of report.decisions) expect(because).not.toMatch(/ of 7 bits/);
    const noisy = await quantize(SOURCE, { reduceRange: true, leastSqnr: 200 });
    expect(Object.keys(await spans(noisy.model))).toEqual(WEIGHTS);
    expect(within(await spans(noisy.model))).toEqual([]);
  });

  it.each<Partial<Recipe>>([
    { weights: 'uint8' },
    { weights: 'int4' },
    { activations: 'uint16' },
    { mode: 'dynamic', weights: 'uint8' },
  ])('is refused where no product saturates: %j', async (changes) => {
    expect(await codeOf(quantize(SOURCE, { ...changes, reduceRange: true }))).toBe('RECIPE_REDUCE_RANGE');
  });

  it('says nothing in modes without integer products, which the automatic search tries too', async () => {
    for (const mode of ['weight-only', 'fp16'] as const) {
      const text = async (reduceRange: boolean) => (await quantize(SOURCE, { mode, reduceRange })).text;
      expect(await text(true)).toBe(await text(false));
    }
  });
});
