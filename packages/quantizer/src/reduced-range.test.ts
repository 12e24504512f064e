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
/** Whether a weight has 7 bits; false without it. */
const within = ([low = Number.NaN, high = Number.NaN]: readonly number[] = []): boolean =>
  low >= min && high <= max;

describe('a reduced range', () => {
  it.each<Partial<Recipe>>([
    {},
    { perChannel: false },
    { symmetricWeights: false },
    { format: 'qoperator' },
    { activations: 'int8' },
  ])('keeps int8 weights of static models in 7 bits: %j', async (changes) => {
    const { model, report } = await quantize(SOURCE, { ...changes, reduceRange: true });
    for (const [low, high] of Object.values(await spans(model))) {
      expect(within([low, high])).toBe(true);
      expect(Math.max(-low, high)).toBeGreaterThan(max - 2);
    }
    expect(Object.keys(await spans(model))).toEqual(['w', 'fc', 'm']);
    for (const { op, because } of report.decisions)
      expect(because.includes(' of 7 bits')).toBe(op !== 'Flatten');
    const whole = await quantize(SOURCE, changes);
    for (const [low, high] of Object.values(await spans(whole.model)))
      expect(within([low, high])).toBe(false);
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
    const { w, fc, m } = await spans(model);
    expect([within(fc), within(m)]).toEqual([true, true]);
    const [low = 0, high = 0] = w ?? [];
    expect(high - low).toBeGreaterThan(2 * max);
  });

  it('leaves layers alone that are no integer products, or not of int8 weights', async () => {
    const layers = [
      { nodes: ['conv'], activations: { dtype: 'int16' as const } },
      { nodes: ['gemm'], activations: 'float' as const },
      { nodes: ['matmul'], weights: { dtype: 'int4' as const } },
    ];
    const { model, report } = await quantize(SOURCE, { reduceRange: true, layers });
    const { w, fc } = await spans(model);
    expect([within(w), within(fc)]).toEqual([false, false]);
    for (const { because } of report.decisions) expect(because).not.toMatch(/ of 7 bits/);
    const noisy = await quantize(SOURCE, { reduceRange: true, leastSqnr: 200 });
    for (const [low, high] of Object.values(await spans(noisy.model)))
      expect(within([low, high])).toBe(false);
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
