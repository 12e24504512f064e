import { cloneModel, type Model } from '@octavo/core/ir';
import { Histogram } from '@octavo/core/quant';
import { memoryDataset, type Sample } from '@octavo/datasets';
import { defineMetric } from '@octavo/evaluation';
import { encodeModel } from '@octavo/formats';
import type { Session } from '@octavo/runtime';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import {
  feedsOf,
  modelOf,
  onReference,
  quantize,
  runOnReference,
  samplesOf,
  weights,
} from '../../tests/run-models.js';
import { judgeOf, type Target } from '../judging/index.js';
import { gatherStatistics } from '../sensitivity/index.js';
import { bestWithin, exceeds } from './budget.js';
import { type LayerChoice, layerChoice } from './layer-choice.js';
import { predictFront } from './predict-front.js';
import {
  type MixedPoint,
  type MixedPrecisionOptions,
  searchMixedPrecision,
} from './search-mixed-precision.js';

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

describe('searchMixedPrecision under a budget of latency', () => {
  const target = takingOf({ float32: 8, int8: 2, int4: 12 });
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['performance'] });
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it('finds the model of one precision that alone meets a budget of latency', async () => {
    const { choice, measured, front } = await searchMixedPrecision(
      NETWORK,
      await options({ targets: [target], budget: { latencyRatio: 0.3 }, points: 3 }),
    );
    expect(Object.values(choice?.layers ?? {})).toEqual(['w8a8', 'w8a8', 'w8a8']);
    expect(front).toContain(choice);
    const unbeaten = measured.filter((point) => !measured.some((other) => beats(other, point)));
    expect(new Set(front)).toEqual(new Set(unbeaten));
  });

  it('tries the fastest models where none should meet a budget of latency', async () => {
    const { measured, choice } = await searchMixedPrecision(
      NETWORK,
      await options({ targets: [target], budget: { latencyRatio: 0.2 }, points: 4 }),
    );
    expect(choice).toBeUndefined();
    expect(measured.slice(2).map(({ layers }) => layers)).toEqual([
      { a: 'w8a8', b: 'w8a8', y: 'float' },
      { a: 'float', b: 'w8a8', y: 'w8a8' },
    ]);
  });

  it.each([
    ['of the original', { latencyRatio: 0.6 }],
    ['in milliseconds', { milliseconds: 0.6 * 8 }],
  ])('spends its points within a budget of latency %s', async (_, budget) => {
    const within = async (changes: Partial<MixedPrecisionOptions>): Promise<readonly MixedPoint[]> => {
      const found = await searchMixedPrecision(NETWORK, await options({ targets: [target], ...changes }));
      return found.measured.filter(({ figures }) => exceeds(figures, budget) === undefined);
    };
    const steered = await within({ budget });
    expect(steered.length).toBeGreaterThan((await within({})).length);
    const times = steered.map(({ figures }) => figures.latency[0]?.ratio);
    expect(new Set(times).size).toBeGreaterThan(2);
  });
});

describe('searchMixedPrecision', () => {
  it('measures a front from small to good', async () => {
    const { front, measured } = await searchMixedPrecision(NETWORK, await options());
    expect(measured.length).toBeGreaterThan(3);
    expect(front.length).toBeGreaterThan(1);
    const bytes = front.map(({ figures }) => figures.bytes);
    expect(bytes).toEqual([...bytes].sort((a, b) => a - b));
    const uniform = measured.slice(0, 2).map(({ layers }) => Object.values(layers));
    expect(uniform).toEqual([
      ['w8a8', 'w8a8', 'w8a8'],
      ['w4a8', 'w4a8', 'w4a8'],
    ]);
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

  it('measures at least the models of one precision, and else as many as it is told', async () => {
    const count = async (points: number): Promise<number> =>
      (await searchMixedPrecision(NETWORK, await options({ points }))).measured.length;
    expect(await Promise.all([1, 2, 5].map(count))).toEqual([2, 2, 5]);
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
      { a: 'float', b: 'w8a8', y: 'float' },
      { a: 'float', b: 'w4a8', y: 'float' },
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
      message: expect.stringContaining('keeps all of them in float'),
    });
  });

  it('refuses a model without layers', async () => {
    const model = modelOf('graph opset 17 {\ninput %x: float32[2, 32]\n%y = Relu(%x)\noutput %y\n}');
    await expect(searchMixedPrecision(model, await options())).rejects.toMatchObject({
      code: 'NOTHING_TO_QUANTIZE',
    });
    const { model: quantized } = await quantize(NETWORK, { mode: 'dynamic' });
    await expect(searchMixedPrecision(quantized, await options())).rejects.toMatchObject({
      code: 'NOTHING_TO_QUANTIZE',
      message: expect.stringContaining('is quantized already'),
    });
  });
});

/** A target on which models with all weights of a kind take so many milliseconds, others as they have of each; needs a clock that is faked. */
function takingOf(milliseconds: Readonly<Record<'float32' | 'int8' | 'int4', number>>): Target {
  return {
    name: 'by weights',
    async open(model) {
      const session = await onReference(model, { taps: [] });
      const time = timeOf(model, milliseconds);
      const run: Session['run'] = (feeds, more) => {
        vi.advanceTimersByTime(time);
        return session.run(feeds, more);
      };
      return new Proxy(session, {
        get(own, key) {
          if (key === 'run') return run;
          const member: unknown = Reflect.get(own, key, own);
          return typeof member === 'function' ? member.bind(own) : member;
        },
      });
    },
  };
}

function timeOf({ graph }: Model, milliseconds: Readonly<Record<string, number>>): number {
  const matrices = graph.initializers.flatMap(({ constant }) =>
    constant?.shape.length === 2 ? [constant] : [],
  );
  const size = ({ shape: [rows = 0, columns = 0] }: { readonly shape: readonly number[] }): number =>
    rows * columns;
  const total = matrices.reduce((sum, each) => sum + size(each), 0);
  return matrices.reduce((sum, each) => sum + ((milliseconds[each.dtype] ?? 0) * size(each)) / total, 0);
}

/** Whether a model is no worse than another in size, time and quality, and better in one of them. */
function beats(a: MixedPoint, b: MixedPoint): boolean {
  const [own, other] = [a, b].map(({ figures: { bytes, retention, latency } }) => [
    bytes,
    -retention,
    latency[0]?.ratio ?? Number.NaN,
  ]);
  const differences = own?.map((value, i) => (other?.[i] ?? Number.NaN) - value) ?? [];
  return differences.every((each) => each >= 0) && differences.some((each) => each > 0);
}
