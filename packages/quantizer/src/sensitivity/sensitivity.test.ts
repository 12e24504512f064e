import { memoryDataset, type Sample } from '@octavo/datasets';
import { type Metric, meanScore } from '@octavo/evaluation';
import { describe, expect, it } from 'vitest';
import {
  feedsOf,
  modelOf,
  onReference,
  runOnReference,
  samplesOf,
  sqnrOf,
  weights,
} from '../../tests/run-models.js';
import { judgeOf } from '../judging/judge.js';
import { prepareModel } from '../quantize.js';
import { estimateSensitivity } from './estimate-sensitivity.js';
import { gatherStatistics } from './layer-statistics.js';
import { measureSensitivity } from './measure-sensitivity.js';
import { type Bits, PARTS, type Part, rank, type Sensitivity } from './sensitivity.js';
import { subjectOf } from './subject.js';

/** One layer of each kind: what it reads is uneven over its channels. */
const LAYERS = {
  Gemm: `input %x: float32[64, 24]
    ${weights('w', [24, 16], 1, 24)} ${weights('b', [16], 2)}
    %y = Gemm(%x, %w, %b)`,
  'transposed Gemm': `input %x: float32[64, 24]
    ${weights('w', [16, 24], 1, 24)}
    %y = Gemm(%x, %w) {transB=1}`,
  MatMul: `input %x: float32[2, 32, 24]
    ${weights('w', [24, 16], 1, 24)}
    %y = MatMul(%x, %w)`,
  Conv: `input %x: float32[1, 6, 12, 12]
    ${weights('w', [8, 6, 3, 3], 1, 54)}
    %y = Conv(%x, %w)`,
  'grouped Conv': `input %x: float32[1, 8, 12, 12]
    ${weights('w', [8, 2, 3, 3], 1, 18)}
    %y = Conv(%x, %w) {group=4}`,
};

const modelWith = (layer: string) => modelOf(`graph opset 17 {\n${layer}\noutput %y\n}`);

describe.each(Object.entries(LAYERS))('a single %s', (_, text) => {
  it.each(PARTS.flatMap((part) => ([8, 4] as const).map((bits) => [part, bits] as const)))(
    'loses what was estimated with its %s in %i bits',
    async (part, bits) => {
      const model = modelWith(text);
      await prepareModel(model);
      const samples = samplesOf(model.graph, 4);
      const statistics = await gatherStatistics(model, samples, { createSession: onReference });
      const [estimate] = await estimateSensitivity(statistics, { bits: [bits], parts: [part] });
      const [layer] = statistics;
      if (!layer || !estimate) throw new Error('there is one layer');
      const isolated = await subjectOf(layer).isolate(model, part, bits);
      const measured: number[] = [];
      for (const { feeds } of samples)
        measured.push(sqnrOf(await runOnReference(model, feeds), await runOnReference(isolated, feeds)));
      const mean = measured.reduce((sum, value) => sum + value, 0) / measured.length;
      expect(Math.abs(estimate.sqnr - mean)).toBeLessThan(2);
    },
  );
});

const NETWORK = `graph opset 17 {
  input %x: float32[4, 16]
  ${weights('w1', [16, 32], 1, 16)}
  ${weights('w2', [32, 32], 2, 32)}
  ${weights('w3', [32, 16], 3, 32)}
  %a = MatMul(%x, %w1) @first
  %r = Relu(%a)
  %b = MatMul(%r, %w2) @second
  %t = Tanh(%b)
  %y = MatMul(%t, %w3) @third
  output %y
}`;

/** How far the first number is from the label. */
const distance: Metric = {
  name: 'distance',
  higherIsBetter: false,
  unit: '',
  reads: 'number',
  score: (output, label) => ({ score: 1 + Math.abs((output[0] ?? 0) - label), prediction: output[0] ?? 0 }),
  summarize: meanScore,
};

async function network() {
  const model = modelOf(NETWORK);
  await prepareModel(model);
  const samples: Sample[] = [];
  for (let i = 0; i < 8; i++) {
    const feeds = feedsOf(model.graph, i + 1);
    const { y } = await runOnReference(model, feeds);
    samples.push({ id: `${i}`, feeds, label: Number(y?.data[0]) });
  }
  const judge = judgeOf(memoryDataset(samples), distance);
  const statistics = await gatherStatistics(model, samples, { createSession: onReference });
  return { model, samples, judge, statistics };
}

describe('measureSensitivity', () => {
  it('measures every layer, part and width, the worst first', async () => {
    const { model, judge, statistics } = await network();
    const bits: Bits[] = [8, 2];
    const results = await measureSensitivity(model, statistics, {
      bits,
      parts: PARTS,
      judge,
      createSession: onReference,
    });
    expect(results).toHaveLength(3 * 2 * 3);
    const drops = results.map(({ metric }) => metric?.drop ?? Number.NaN);
    expect(drops).toEqual([...drops].sort((a, b) => b - a));
    expect(results[0]?.bits).toBe(2);
    for (const node of ['first', 'second', 'third']) {
      for (const part of PARTS) {
        const [two, eight] = [2, 8].map((width) => find(results, node, part, width));
        expect(two?.sqnr).toBeLessThan((eight?.sqnr ?? 0) - 15);
      }
    }
    expect(find(results, 'first', 'weights', 8)?.weights).toBe(512);
  });

  it('agrees with the estimate about which last layer part is worse', async () => {
    const { model, judge, statistics } = await network();
    const options = { bits: [4] as const, parts: PARTS };
    const estimates = await estimateSensitivity(statistics, options);
    const measured = await measureSensitivity(model, statistics, {
      ...options,
      judge,
      createSession: onReference,
    });
    for (const part of PARTS) {
      const [guess, truth] = [estimates, measured].map(
        (list) => find(list, 'third', part, 4)?.sqnr ?? Number.NaN,
      );
      expect(Math.abs((guess ?? 0) - (truth ?? 0))).toBeLessThan(3);
    }
  });

  it('goes on where an interrupted run stopped, and gives the same', async () => {
    const { model, judge, statistics } = await network();
    const options = { bits: [4, 8] as const, parts: PARTS, judge, createSession: onReference };
    const whole = await measureSensitivity(model, statistics, options);
    const controller = new AbortController();
    const kept: Sensitivity[] = [];
    const onResult = (entry: Sensitivity): void => {
      kept.push(entry);
      if (kept.length === 5) controller.abort(new Error('stopped'));
    };
    const { signal } = controller;
    await expect(measureSensitivity(model, statistics, { ...options, signal, onResult })).rejects.toThrow(
      'stopped',
    );
    expect(kept).toHaveLength(5);
    const added: Sensitivity[] = [];
    const resumed = await measureSensitivity(model, statistics, {
      ...options,
      known: kept,
      onResult: (entry) => void added.push(entry),
    });
    expect(added).toHaveLength(whole.length - 5);
    expect(resumed).toEqual(whole);
  });

  it('has no layers to rank where there are none', async () => {
    const model = modelOf('graph opset 17 {\ninput %x: float32[4]\n%y = Relu(%x)\noutput %y\n}');
    const statistics = await gatherStatistics(model, samplesOf(model.graph, 1), {
      createSession: onReference,
    });
    expect(await estimateSensitivity(statistics, { bits: [8], parts: PARTS })).toEqual([]);
  });

  it('needs samples', async () => {
    const { model } = await network();
    await expect(gatherStatistics(model, [], { createSession: onReference })).rejects.toMatchObject({
      code: 'CALIBRATION_EMPTY',
    });
  });
});

describe('rank', () => {
  it('puts the largest drop first, then the least SQNR', () => {
    const entry = (node: string, sqnr: number, drop?: number): Sensitivity => ({
      node,
      op: 'MatMul',
      output: node,
      part: 'both',
      bits: 8,
      sqnr,
      weights: 1,
      ...(drop === undefined ? {} : { metric: { value: 0, drop } }),
    });
    const ranked = rank([
      entry('a', 30, 0),
      entry('b', 10, 0),
      entry('c', 40, 0.2),
      entry('e', Number.NaN, 0),
      entry('d', Number.POSITIVE_INFINITY, 0),
    ]);
    expect(ranked.map(({ node }) => node)).toEqual(['c', 'b', 'a', 'd', 'e']);
  });
});

function find(list: readonly Sensitivity[], node: string, part: Part, bits: number): Sensitivity | undefined {
  return list.find((each) => each.node === node && each.part === part && each.bits === bits);
}
