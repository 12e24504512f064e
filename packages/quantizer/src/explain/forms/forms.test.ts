import type { Model } from '@octavo/core/ir';
import { float32 } from '@octavo/core/tensor';
import { createOnnxRuntimeSession } from '@octavo/runtime/onnxruntime';
import { describe, expect, it } from 'vitest';
import { modelOf, normals, weights } from '../../../tests/run-models.js';
import type { CalibrationSample, SessionFactory } from '../../calibrate.js';
import { quantizeModel } from '../../quantize.js';
import type { Recipe } from '../../recipe.js';
import { explainLayers, type LayerExplanation } from '../explain-layers.js';
import { fixQuantization } from '../fix-quantization.js';
import { sqnrGoal } from '../goal.js';

const open: SessionFactory = (model, { taps }) =>
  createOnnxRuntimeSession(model, { taps, threads: 1, optimization: 'disabled' });

const samples: CalibrationSample[] = Array.from({ length: 6 }, (_, i) => ({
  feeds: { x: float32(normals(2 * 3 * 64, i + 1), [2, 3, 8, 8]) },
}));

/** A convolution with a bias, one whose result goes on, a Gemm with transposed weights, and a MatMul. */
const source = modelOf(`graph opset 17 {
  input %x: float32[2, 3, 8, 8]
  ${weights('w1', [8, 3, 3, 3], 1, 27)}
  ${weights('b1', [8], 2, 4)}
  ${weights('w2', [2, 8, 1, 1], 3, 8)}
  ${weights('w3', [48, 128], 4, 128)}
  ${weights('b3', [48], 5, 4)}
  ${weights('w4', [48, 32], 6, 48)}
  %c1 = Conv(%x, %w1, %b1) {pads=[1, 1, 1, 1]} @conv1
  %r1 = Relu(%c1)
  %c2 = Conv(%r1, %w2) @conv2
  %f = Flatten(%c2)
  %g = Gemm(%f, %w3, %b3) {transB=1} @gemm
  %r3 = Relu(%g)
  %y = MatMul(%r3, %w4) @matmul
  output %y
}`);

async function quantize(recipe: Partial<Recipe>): Promise<Model> {
  const options = { recipe: { leastSqnr: 0, ...recipe }, calibration: samples, createSession: open };
  return (await quantizeModel(source, options)).model;
}

async function explain(recipe: Partial<Recipe>): Promise<Map<string, LayerExplanation>> {
  const layers = await explainLayers(source, await quantize(recipe), samples, { createSession: open });
  return new Map(layers.map((layer) => [layer.node, layer]));
}

const LAYERS = ['conv1', 'conv2', 'gemm', 'matmul'];

describe('layers that are not between Q/DQ pairs', () => {
  it('of integer ops are explained as those in pairs', async () => {
    const pairs = await explain({ perChannel: false });
    const ops = await explain({ perChannel: false, format: 'qoperator' });
    expect([...ops.keys()].sort()).toEqual(LAYERS);
    for (const [name, { noise, own, sqnr }] of ops) {
      const expected = pairs.get(name);
      expect(own).toEqual(expected?.own);
      for (const part of ['saturation', 'inputRounding', 'weights', 'bias'] as const)
        expect(noise[part]).toBeCloseTo(expected?.noise[part] ?? -1, 12);
      if (name === 'conv1') expect(noise.inherited).toBe(0);
      else expect(noise.inherited / (expected?.noise.inherited ?? 0)).toBeCloseTo(1, 1);
      expect(sqnr).toBeGreaterThan(30);
    }
  });

  it('of weights in blocks are explained as those dequantized in front of a product', async () => {
    const recipe = { mode: 'weight-only', weights: 'int4', rounding: 'nearest', blockSize: 16 } as const;
    const blocks = await explain(recipe);
    const dequantized = await explain({ ...recipe, weights: 'uint4', weightOnlyFormat: 'qdq' });
    for (const name of ['gemm', 'matmul']) {
      const [found, expected] = [blocks.get(name), dequantized.get(name)];
      expect(found?.own).toMatchObject({ cause: 'rounding', change: 'give its weights 8 bits (uint8)' });
      expect(found?.noise.weights).toBeGreaterThan(1e-4);
      expect(found?.noise.weights).toBeCloseTo(expected?.noise.weights ?? -1, 10);
      expect(found?.noise).toMatchObject({ inputRounding: 0, bias: 0 });
    }
  });

  it('that quantize at run time have the noise of the ranges of each run', async () => {
    const dynamic = await explain({ mode: 'dynamic' });
    const fixed = await explain({ observer: 'minmax', symmetricActivations: false });
    expect([...dynamic.keys()].sort()).toEqual(LAYERS);
    for (const [name, { noise, own }] of dynamic) {
      const expected = fixed.get(name)?.noise;
      expect(noise.weights).toBeCloseTo(expected?.weights ?? -1, 8);
      expect(noise.saturation).toBe(0);
      expect(noise.bias).toBe(0);
      expect(noise.inputRounding).toBeGreaterThan((expected?.inputRounding ?? 0) / 4);
      expect(noise.inputRounding).toBeLessThan(2 * (expected?.inputRounding ?? 0));
      expect(own?.cause).toBe('rounding');
    }
  });

  it.each([
    ['integer ops', { perChannel: false, format: 'qoperator' }, 38, /QLinearConv|QLinearMatMul|QGemm/],
    ['blocks', { mode: 'weight-only', weights: 'int4', rounding: 'nearest' }, 40, /MatMulNBits/],
    ['run time', { mode: 'dynamic', perChannel: false }, 48, /MatMulInteger|ConvInteger|DequantizeLinear/],
  ] as const)('are mended in their own form: %s', async (_, recipe, decibels, ops) => {
    const quantized = await quantize(recipe);
    const options = { source, open: (model: Model) => open(model, { taps: [] }) };
    const result = await fixQuantization(source, quantized, {
      goal: sqnrGoal(decibels, () => samples, options),
      samples: () => samples,
      calibration: () => samples,
      createSession: open,
    });
    expect(result.before.passed).toBe(false);
    expect(result.reached).toBe(true);
    expect(result.model.graph.nodes.map((node) => node.op.name).join(' ')).toMatch(ops);
  });
});
