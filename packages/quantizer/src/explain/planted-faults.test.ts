import { cloneModel, type Model } from '@octavo/core/ir';
import { float32, fromNumbers, StoredTensor, toNumbers } from '@octavo/core/tensor';
import { createOnnxRuntimeSession } from '@octavo/runtime/onnxruntime';
import { describe, expect, it } from 'vitest';
import { modelOf, normals, weights } from '../../tests/run-models.js';
import type { CalibrationSample, SessionFactory } from '../calibrate.js';
import { quantizeModel } from '../quantize.js';
import type { Recipe } from '../recipe.js';
import { explainLayers } from './explain-layers.js';
import { type FixRound, fixQuantization } from './fix-quantization.js';
import { type Goal, sqnrGoal } from './goal.js';

const WIDTH = 32;

const open: SessionFactory = (model, { taps }) =>
  createOnnxRuntimeSession(model, { taps, threads: 1, optimization: 'disabled' });

const samples = (scale = 1): CalibrationSample[] =>
  Array.from({ length: 12 }, (_, i) => ({
    feeds: {
      x: float32(
        normals(4 * WIDTH, i + 1).map((value) => value * scale),
        [4, WIDTH],
      ),
    },
  }));

/** Layers `first`, `second`, `third` of 32 neurons, with Relu between them. */
function network(change: { readonly columns?: number; readonly last?: number } = {}): Model {
  const { columns = 1, last = 1 } = change;
  return modelOf(`graph opset 21 {
    input %x: float32[4, ${WIDTH}]
    ${scaled('w1', 1, (_, column) => (column === 0 ? columns : 1))}
    ${scaled('w2', 2, (row) => (row === 0 ? 1 / columns : 1))}
    ${scaled('w3', 3, (_, column) => (column === 0 ? last : 1))}
    ${weights('b1', [WIDTH], 4, 4)}
    ${weights('b2', [WIDTH], 5, 4)}
    ${weights('b3', [WIDTH], 6, 4)}
    const %undo: float32[${WIDTH}] = [${Array.from({ length: WIDTH }, (_, i) => (i === 0 ? 1 / last : 1)).join(', ')}]
    %first: float32[4, ${WIDTH}] = Gemm(%x, %w1, %b1)
    %a: float32[4, ${WIDTH}] = Relu(%first)
    %second: float32[4, ${WIDTH}] = Gemm(%a, %w2, %b2)
    %b: float32[4, ${WIDTH}] = Relu(%second)
    %third: float32[4, ${WIDTH}] = Gemm(%b, %w3, %b3)
    %y: float32[4, ${WIDTH}] = Mul(%third, %undo)
    output %y
  }`);
}

function scaled(name: string, seed: number, factor: (row: number, column: number) => number): string {
  const elements = Array.from(normals(WIDTH * WIDTH, seed), (value, i) =>
    Math.fround((value / Math.sqrt(WIDTH / 2)) * factor(Math.floor(i / WIDTH), i % WIDTH)),
  );
  return `const %${name}: float32[${WIDTH}, ${WIDTH}] = [${elements.join(', ')}]`;
}

/** Many layers, each of which does well. */
function deep(layers: number): Model {
  const lines = Array.from({ length: layers }, (_, i) => {
    const from = i === 0 ? 'x' : `a${i - 1}`;
    return `${scaled(`w${i}`, i + 20, () => 1)}
    %g${i}: float32[4, ${WIDTH}] = MatMul(%${from}, %w${i})
    %a${i}: float32[4, ${WIDTH}] = Relu(%g${i})`;
  });
  return modelOf(`graph opset 21 {
    input %x: float32[4, ${WIDTH}]
    ${lines.join('\n')}
    output %a${layers - 1}
  }`);
}

async function quantize(
  source: Model,
  recipe: Partial<Recipe> = {},
  calibration = samples(),
): Promise<Model> {
  const { model } = await quantizeModel(source, {
    recipe: { leastSqnr: 0, ...recipe },
    calibration,
    createSession: open,
  });
  return model;
}

/** A copy in which one constant has other elements. */
async function tampered(
  model: Model,
  name: string,
  change: (value: number, index: number) => number,
): Promise<Model> {
  const copy = cloneModel(model);
  const value = copy.graph.value(name);
  const tensor = await value?.constant?.load();
  if (!value || !tensor) throw new Error(`no constant ${name}`);
  value.constant = StoredTensor.of(
    fromNumbers(tensor.dtype, tensor.shape, Float64Array.from(toNumbers(tensor), change)),
  );
  return copy;
}

const goalOf = (source: Model, decibels: number): Goal =>
  sqnrGoal(decibels, () => samples(), { source, open: (model) => open(model, { taps: [] }) });

interface Fault {
  readonly cause: string;
  /** The layer that has it. */
  readonly layer: string;
  readonly says: RegExp;
  readonly change?: RegExp;
  /** SQNR to reach, in dB, which the faulty model misses. */
  readonly goal: number;
  readonly source: Model;
  plant(source: Model): Promise<Model>;
}

const FAULTS: readonly Fault[] = [
  {
    cause: 'outlier-range',
    layer: 'second',
    says: /95% of what it reads lies within .* times as far/,
    goal: 35,
    source: network({ columns: 300 }),
    plant: (source) => quantize(source),
  },
  {
    cause: 'saturation',
    layer: 'first',
    says: /% of what it reads lies beyond the range/,
    goal: 35,
    source: network(),
    plant: (source) => quantize(source, {}, samples(0.2)),
  },
  {
    cause: 'unused-range',
    layer: 'first',
    says: /of 256 integers are used/,
    goal: 35,
    source: network(),
    plant: (source) => quantize(source, {}, samples(30)),
  },
  {
    cause: 'unused-range',
    layer: 'second',
    says: /of 256 integers are used/,
    change: /asymmetric activations/,
    goal: 39,
    source: network(),
    plant: (source) => {
      const layers = [{ nodes: ['first'], keepFloat: true }];
      return quantize(source, { activations: 'int8', symmetricActivations: true, layers });
    },
  },
  {
    cause: 'rounding',
    layer: 'second',
    says: /rounding its weights to int2 alone leaves .* dB/,
    goal: 35,
    source: network(),
    plant: (source) => quantize(source, { layers: [{ nodes: ['second'], weights: { dtype: 'int2' } }] }),
  },
  {
    cause: 'weight-channel-spread',
    layer: 'third',
    says: /one scale serves 32 output channels/,
    goal: 35,
    source: network({ last: 500 }),
    plant: (source) => quantize(source, { perChannel: false }),
  },
  {
    cause: 'bias-error',
    layer: 'second',
    says: /the bias of channel 3 is .*, in the original/,
    goal: 35,
    source: network(),
    plant: async (source) =>
      tampered(await quantize(source), 'b2_second_quantized', (value, i) =>
        i === 3 ? value + 50_000 : value,
      ),
  },
  {
    cause: 'accumulated-error',
    layer: 'g11',
    says: /% of its noise comes with what it reads, from 11 layers/,
    goal: 36,
    source: deep(12),
    plant: (source) => quantize(source),
  },
];

describe('a planted fault', () => {
  it.each(FAULTS)('of $cause is named with evidence, and mended until the goal is reached', async (fault) => {
    const { source, layer, cause, goal } = fault;
    const quantized = await fault.plant(source);
    const layers = await explainLayers(source, quantized, samples(), { createSession: open });
    const because = layers.find(({ output }) => output === layer)?.because;
    expect(because?.cause).toBe(cause);
    expect(because?.evidence).toMatch(fault.says);
    if (fault.change) expect(because?.change).toMatch(fault.change);

    const rounds: FixRound[] = [];
    const fixed = await fixQuantization(source, quantized, {
      goal: goalOf(source, goal),
      samples: () => samples(),
      calibration: () => samples(),
      createSession: open,
      onRound: (round) => rounds.push(round),
    });
    expect(fixed.before.passed).toBe(false);
    expect(fixed.reached).toBe(true);
    expect(fixed.rounds).toEqual(rounds);
    const { value } = await goalOf(source, goal).measure(fixed.model);
    expect(value).toBeGreaterThanOrEqual(goal);
    const { model: again } = await quantizeModel(source, {
      recipe: fixed.recipe,
      calibration: samples(),
      createSession: open,
    });
    expect((await goalOf(source, goal).measure(again)).value).toBe(value);
  });

  it('leaves a model that reaches the goal as it is', async () => {
    const source = network();
    const quantized = await quantize(source);
    const fixed = await fixQuantization(source, quantized, {
      goal: goalOf(source, 30),
      samples: () => samples(),
      calibration: () => samples(),
      createSession: open,
    });
    expect(fixed).toMatchObject({ reached: true, rounds: [], model: quantized, report: undefined });
  });

  it('says so when even float layers do not reach the goal', async () => {
    const source = network();
    const fixed = await fixQuantization(source, await quantize(source), {
      goal: { ...goalOf(source, 0), measure: async () => ({ value: 0, passed: false, text: 'never' }) },
      samples: () => samples(),
      calibration: () => samples(),
      createSession: open,
    });
    expect(fixed.reached).toBe(false);
  });
});
