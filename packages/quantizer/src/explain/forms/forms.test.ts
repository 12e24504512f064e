import { cloneModel, MatMulInteger, type Model } from '@octavo/core/ir';
import { float32, fromNumbers, StoredTensor } from '@octavo/core/tensor';
import { createOnnxRuntimeSession } from '@octavo/runtime/onnxruntime';
import { describe, expect, it } from 'vitest';
import { modelOf, normals, weights } from '../../../tests/run-models.js';
import type { CalibrationSample, SessionFactory } from '../../calibrate.js';
import { prepareModel, quantizeModel } from '../../quantize.js';
import type { Recipe } from '../../recipe.js';
import { explainLayers, type LayerExplanation } from '../explain-layers.js';
import { fixQuantization } from '../fix-quantization.js';
import { sqnrGoal } from '../goal.js';
import { type LayerPair, pairLayers } from '../layer-pair.js';
import { hasIntegerOps } from '../raise-integer-ops.js';
import { recipeOfModel } from '../recipe-of-model.js';

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

async function quantize(recipe: Partial<Recipe>, some = samples): Promise<Model> {
  const options = { recipe: { leastSqnr: 0, ...recipe }, calibration: some, createSession: open };
  return (await quantizeModel(source, options)).model;
}

async function explain(recipe: Partial<Recipe>, some = samples): Promise<Map<string, LayerExplanation>> {
  const layers = await explainLayers(source, await quantize(recipe, some), some, { createSession: open });
  return new Map(layers.map((layer) => [layer.node, layer]));
}

const LAYERS = ['conv1', 'conv2', 'gemm', 'matmul'];

it('takes quantized ops without a form in Q/DQ pairs for no integer ops', () => {
  const attention = modelOf(`graph opset 17 {
    input %x: uint8[1, 2, 4]
    ${weights('b', [12], 1, 4)}
    input %w: int8[4, 12]
    const %s: float32[] = 0.01
    %y = com.microsoft::QAttention(%x, %w, %b, %s, %s) {num_heads=2}
    output %y
  }`);
  expect(hasIntegerOps(attention)).toBe(false);
});

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
      expect(noise.inputRounding).toBeGreaterThan(0);
      expect(noise.inputRounding, 'ranges of a run are no wider').toBeLessThan(expected?.inputRounding ?? 0);
      expect(own?.cause).toBe('rounding');
    }
    const single = samples.slice(0, 1);
    const [run, same] = [
      await explain({ mode: 'dynamic' }, single),
      await explain({ observer: 'minmax' }, single),
    ];
    for (const [name, { noise }] of run)
      expect(noise.inputRounding / (same.get(name)?.noise.inputRounding ?? 0)).toBeCloseTo(1, 2);
  });

  it('have the zero point of each column where their scale is one, and no weights where sizes do not fit', async () => {
    const quantized = await quantize({ mode: 'dynamic', perChannel: false });
    const original = cloneModel(source);
    await prepareModel(original);
    const product = quantized.graph.nodes.filter((node) => MatMulInteger.is(node)).at(-1);
    const pairOf = async (zeroPoints: readonly number[]): Promise<LayerPair | undefined> => {
      const zeroPoint = quantized.graph.addInitializer(
        'zeros',
        StoredTensor.of(fromNumbers('int8', [zeroPoints.length], zeroPoints)),
      );
      product?.setInput(3, zeroPoint);
      const pairs = await pairLayers(original.graph, quantized);
      return pairs.find(({ parts }) => parts.node.name === 'matmul');
    };
    const numbersOf = async (zeroPoints: readonly number[]) =>
      (await pairOf(zeroPoints))?.quantizedWeights?.numbers ?? new Float32Array();
    const columns = Array.from({ length: 32 }, (_, i) => i % 5);
    const [plain, moved] = [await numbersOf(columns.map(() => 0)), await numbersOf(columns)];
    const scale = (plain[1] ?? 0) - (moved[1] ?? 0);
    expect(scale).toBeGreaterThan(0);
    expect(plain).toHaveLength(48 * 32);
    moved.forEach((value, i) => {
      expect(value).toBeCloseTo((plain[i] ?? 0) - scale * (columns[i % 32] ?? 0), 5);
    });
    await expect(pairOf([...columns, 0])).rejects.toThrow('b_zero_point (tensor zeros_3) has 33 elements');
    const small = StoredTensor.of(fromNumbers('int8', [48, 16], new Int8Array(48 * 16)));
    product?.setInput(1, quantized.graph.addInitializer('small', small));
    expect((await pairOf([0]))?.quantizedWeights).toBeUndefined();
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

it.each<Partial<Recipe>>([{}, { format: 'qoperator' }, { mode: 'dynamic' }])(
  'sees whether the weights have a reduced range, so that mending keeps it: %j',
  async (recipe) => {
    const original = cloneModel(source);
    await prepareModel(original);
    for (const reduceRange of [true, false]) {
      const made = await recipeOfModel(original.graph, await quantize({ ...recipe, reduceRange }));
      expect(made.reduceRange).toBe(reduceRange);
    }
  },
);

const CELL = `${weights('w', [1, 128, 64], 2, 64)}
  ${weights('r', [1, 128, 32], 3, 32)}`;

const AFTER_CONV = `graph opset 17 {
  input %x: float32[2, 3, 8, 8]
  ${weights('w1', [8, 3, 3, 3], 1, 27)}
  ${CELL}
  const %shape: int64[3] = [2, 8, 64]
  %c = Conv(%x, %w1) {pads=[1, 1, 1, 1]} @conv
  %s = Reshape(%c, %shape)
  %y = LSTM(%s, %w, %r) {hidden_size=32} @cell
  output %y
}`;

const ALONE = `graph opset 17 {
  input %x: float32[2, 8, 64]
  ${CELL}
  %y = LSTM(%x, %w, %r) {hidden_size=32} @cell
  output %y
}`;

const IN_A_BRANCH = `graph opset 17 {
  input %flag: bool[]
  input %x: float32[2, 8, 64]
  %y = If(%flag) {
    then_branch=graph then(%s = %x) {
      ${CELL}
      %t = LSTM(%s, %w, %r) {hidden_size=32} @cell
      output %t
    },
    else_branch=graph else() {
      const %shape: int64[4] = [2, 1, 8, 32]
      %e = ConstantOfShape(%shape)
      output %e
    }
  }
  output %y
}`;

it.each([
  ['after a Conv', AFTER_CONV, ['Conv', 'LSTM']],
  ['alone', ALONE, ['LSTM']],
  ['in a branch', IN_A_BRANCH, ['LSTM']],
])('sees that an LSTM %s is quantized at run time, and whether in a reduced range', async (_, text, ops) => {
  const float = modelOf(text);
  const original = cloneModel(float);
  await prepareModel(original);
  for (const reduceRange of [true, false]) {
    const recipe = { mode: 'dynamic', reduceRange } as const;
    const { model, report } = await quantizeModel(float, { recipe });
    expect(report.decisions.map(({ op, quantized }) => [op, quantized])).toEqual(ops.map((op) => [op, true]));
    expect(await recipeOfModel(original.graph, model)).toMatchObject({ mode: 'dynamic', reduceRange });
  }
});
