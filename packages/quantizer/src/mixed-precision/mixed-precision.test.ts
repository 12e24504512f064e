import { cloneModel } from '@octavo/core/ir';
import { Histogram } from '@octavo/core/quant';
import { memoryDataset, type Sample } from '@octavo/datasets';
import { defineMetric } from '@octavo/evaluation';
import { encodeModel } from '@octavo/formats';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { feedsOf, modelOf, onReference, runOnReference, samplesOf, weights } from '../../tests/run-models.js';
import { judgeOf } from '../judging/index.js';
import { gatherStatistics } from '../sensitivity/index.js';
import { bestWithin } from './budget.js';
import { type LayerChoice, type LayerOption, layerChoice } from './layer-choice.js';
import { predictFront } from './predict-front.js';
import { type MixedPrecisionOptions, searchMixedPrecision } from './search-mixed-precision.js';

const NETWORK = modelOf(`graph opset 17 {
  input %x: float32[2, 32]
  ${weights('w1', [32, 48], 1, 32)}
  ${weights('w2', [48, 64], 2, 48)}
  ${weights('w3', [64, 8], 3, 64)}
  %a = MatMul(%x, %w1) @first
  %r = Relu(%a)
  %b = MatMul(%r, %w2) @second
  %s = Relu(%b)
  %y = MatMul(%s, %w3) @third
  output %y
}`);

const closeness = defineMetric({
  name: 'closeness',
  higherIsBetter: true,
  score: (output, label) => 10 - Math.abs((output[0] ?? 0) - label),
});

async function options(changes: Partial<MixedPrecisionOptions> = {}): Promise<MixedPrecisionOptions> {
  const samples: Sample[] = [];
  for (let i = 0; i < 6; i++) {
    const feeds = feedsOf(NETWORK.graph, 50 + i);
    const { y } = await runOnReference(NETWORK, feeds);
    samples.push({ id: `${i}`, feeds, label: Number(y?.data[0]) });
  }
  return {
    judge: judgeOf(memoryDataset(samples), closeness),
    targets: [{ name: 'reference', open: (model) => onReference(model, { taps: [] }) }],
    feeds: [feedsOf(NETWORK.graph, 1)],
    latencyBudget: 2,
    calibration: () => samplesOf(NETWORK.graph, 4),
    createSession: onReference,
    ...changes,
  };
}

describe('predictFront', () => {
  const option = fc.record({
    precision: fc.constantFrom('float' as const, 'w8a8' as const),
    bytes: fc.integer({ min: 1, max: 40 }),
    noise: fc.integer({ min: 0, max: 30 }),
  });

  it('is the front that trying every assignment gives', () => {
    const lists = fc.array(fc.array(option, { minLength: 1, maxLength: 4 }), { minLength: 1, maxLength: 5 });
    fc.assert(
      fc.property(lists, (choices) => {
        const layers = choices.map(
          (list, i): LayerChoice => ({ node: `${i}`, output: `${i}`, floatBytes: 0, options: list }),
        );
        const front = predictFront(layers).map(({ bytes, noise }) => [bytes, noise]);
        expect(front).toEqual(frontByTryingAll(choices));
      }),
      { numRuns: 200 },
    );
  });

  it('gives the options that its sums are made of', () => {
    const options: LayerOption[] = [
      { precision: 'float', bytes: 8, noise: 0 },
      { precision: 'w8a8', bytes: 2, noise: 1 },
    ];
    const layers = [1, 2, 3].map(
      (i): LayerChoice => ({ node: `${i}`, output: `${i}`, floatBytes: 8, options }),
    );
    for (const { options: chosen, bytes, noise } of predictFront(layers)) {
      expect(chosen).toHaveLength(3);
      expect(chosen.reduce((sum, each) => sum + each.bytes, 0)).toBe(bytes);
      expect(chosen.reduce((sum, each) => sum + each.noise, 0)).toBe(noise);
    }
  });

  it('stays close to the front with thousands of states', () => {
    const layers = Array.from({ length: 24 }, (_, i): LayerChoice => {
      const size = 1000 + ((i * 7919) % 977);
      const options: LayerOption[] = [
        { precision: 'float', bytes: 4 * size, noise: 0 },
        { precision: 'w8a8', bytes: size, noise: 0.001 * (1 + ((i * 31) % 17)) },
        { precision: 'w4a8', bytes: size / 2, noise: 0.1 * (1 + ((i * 13) % 11)) },
      ];
      return { node: `${i}`, output: `${i}`, floatBytes: 4 * size, options };
    });
    const front = predictFront(layers);
    expect(front.length).toBeLessThanOrEqual(4096);
    expect(front[0]?.options.every(({ precision }) => precision === 'w4a8')).toBe(true);
    expect(front.at(-1)?.noise).toBe(0);
  });
});

describe('layerChoice', () => {
  it.each([
    ['never reached', { input: { ...new Histogram().state }, outputPower: 0 }],
    ['driven to infinity', { outputPower: Number.POSITIVE_INFINITY }],
    ['driven to NaN', { outputPower: Number.NaN }],
    ['without any signal', { outputPower: 0 }],
  ])('does not favour few bits for a layer that was %s', async (_, changes) => {
    const model = cloneModel(NETWORK);
    const [seen] = await gatherStatistics(model, samplesOf(model.graph, 2), { createSession: onReference });
    if (!seen) throw new Error('there are three layers');
    const noises = ({ options }: LayerChoice): number[] => options.map(({ noise }) => noise);
    const [float = 1, eight = 0] = noises(layerChoice(seen, ['float', 'w8a8']));
    expect(float).toBe(0);
    expect(eight).toBeGreaterThan(0);
    expect(eight).toBeLessThan(1);
    const choice = layerChoice({ ...seen, ...changes }, ['float', 'w8a8', 'w2a8']);
    expect(noises(choice)).toEqual([0, Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY]);
    expect(predictFront([choice]).map(({ options }) => options[0]?.precision)).toContain('float');
    expect(predictFront([layerChoice({ ...seen, ...changes }, ['w8a8'])])).toHaveLength(1);
  });
});

describe('searchMixedPrecision', () => {
  it('measures a front from small to good', async () => {
    const { front, measured } = await searchMixedPrecision(NETWORK, await options());
    expect(measured.length).toBeGreaterThan(3);
    expect(front.length).toBeGreaterThan(1);
    const bytes = front.map(({ figures }) => figures.bytes);
    expect(bytes).toEqual([...bytes].sort((a, b) => a - b));
    expect(Object.values(measured[0]?.layers ?? {})).toEqual(['w4a8', 'w4a8', 'w4a8']);
    for (const { figures, predicted, model } of measured) {
      expect(figures.quality.count).toBe(6);
      expect(figures.bytes).toBe(encodeModel(model).length);
      const tensors = model.graph.initializers.reduce(
        (sum, { constant }) => sum + (constant?.byteLength ?? 0),
        0,
      );
      expect(Math.abs(tensors / predicted.bytes - 1)).toBeLessThan(0.1);
    }
  });

  it('chooses the best point within a budget of size and quality, or none', async () => {
    const whole = await searchMixedPrecision(NETWORK, await options());
    const bytes = whole.measured[2]?.figures.bytes ?? 0;
    const { choice, front } = await searchMixedPrecision(NETWORK, await options({ budget: { bytes } }));
    expect(choice?.figures.bytes).toBeLessThanOrEqual(bytes);
    const within = front.filter(({ figures }) => figures.bytes <= bytes);
    expect(choice?.figures.retention).toBe(Math.max(...within.map(({ figures }) => figures.retention)));
    const impossible = await options({ budget: { bytes: 10 }, points: 2 });
    expect((await searchMixedPrecision(NETWORK, impossible)).choice).toBeUndefined();
  });

  it('spends its points within a budget of size, and optimizes what the budget leaves free', async () => {
    const whole = await searchMixedPrecision(NETWORK, await options());
    const bytes = 0.35 * whole.original.bytes;
    const { measured } = await searchMixedPrecision(NETWORK, await options({ budget: { bytes } }));
    const within = (points: typeof measured): number =>
      points.filter(({ figures }) => figures.bytes <= bytes).length / points.length;
    expect(within(measured)).toBeGreaterThan(within(whole.measured));
    const { minRetention, latencyRatio } = { minRetention: 0, latencyRatio: 1e9 };
    const least = bestWithin(whole.front, { minRetention });
    expect(least?.figures.bytes).toBe(Math.min(...whole.front.map(({ figures }) => figures.bytes)));
    const fastest = bestWithin(whole.front, { minRetention, bytes: 1e9 });
    const ratios = whole.front.map(({ figures }) => figures.latency[0]?.ratio ?? Number.NaN);
    expect(fastest?.figures.latency[0]?.ratio).toBe(Math.min(...ratios));
    const best = bestWithin(whole.front, { latencyRatio });
    expect(best?.figures.retention).toBe(Math.max(...whole.front.map(({ figures }) => figures.retention)));
    expect(bestWithin(whole.front, { milliseconds: 0 })).toBeUndefined();
  });

  it('chooses no model whose retention is not defined', async () => {
    const undefinedOnAll = defineMetric({ name: 'undefined', higherIsBetter: true, score: () => Number.NaN });
    const samples = [{ id: 'a', feeds: feedsOf(NETWORK.graph, 50), label: 1 }];
    const judge = judgeOf(memoryDataset(samples), undefinedOnAll);
    const { measured, front, choice } = await searchMixedPrecision(
      NETWORK,
      await options({ judge, points: 2 }),
    );
    expect(measured).toHaveLength(2);
    expect(front).toEqual([]);
    expect(choice).toBeUndefined();
  });

  it('gives float, and nothing else, to layers that the recipe keeps so', async () => {
    const recipe = { exclude: ['first'], layers: [{ nodes: ['third'], keepFloat: true }] };
    const { measured } = await searchMixedPrecision(NETWORK, await options({ recipe }));
    expect(measured.map(({ layers }) => layers)).toEqual([
      { a: 'float', b: 'w4a8', y: 'float' },
      { a: 'float', b: 'w8a8', y: 'float' },
    ]);
    for (const { report, predicted, model } of measured) {
      expect(report.decisions.filter(({ quantized }) => quantized)).toMatchObject([{ node: 'second' }]);
      const tensors = model.graph.initializers.map(({ constant }) => constant?.byteLength ?? 0);
      const bytes = tensors.reduce((sum, each) => sum + each, 0);
      expect(Math.abs(bytes / predicted.bytes - 1)).toBeLessThan(0.1);
    }
    const all = await options({ recipe: { exclude: ['MatMul'] } });
    await expect(searchMixedPrecision(NETWORK, all)).rejects.toMatchObject({
      code: 'NOTHING_TO_QUANTIZE',
      message: expect.stringContaining('all 3 layers'),
    });
  });

  it('refuses a model without layers', async () => {
    const model = modelOf('graph opset 17 {\ninput %x: float32[2, 32]\n%y = Relu(%x)\noutput %y\n}');
    await expect(searchMixedPrecision(model, await options())).rejects.toMatchObject({
      code: 'NOTHING_TO_QUANTIZE',
    });
  });
});

function frontByTryingAll(choices: readonly (readonly LayerOption[])[]): number[][] {
  let sums: number[][] = [[0, 0]];
  for (const list of choices)
    sums = sums.flatMap(([bytes = 0, noise = 0]) =>
      list.map((each) => [bytes + each.bytes, noise + each.noise]),
    );
  const dominated = ([bytes = 0, noise = 0]: number[]): boolean =>
    sums.some(([b = 0, n = 0]) => b <= bytes && n <= noise && (b < bytes || n < noise));
  const front = new Map(sums.filter((sum) => !dominated(sum)).map((sum) => [sum.join(), sum]));
  return [...front.values()].sort(([a = 0], [b = 0]) => a - b);
}
