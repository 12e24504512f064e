import type { Model } from '@octavo/core/ir';
import { int64 } from '@octavo/core/tensor';
import { memoryDataset } from '@octavo/datasets';
import { mae } from '@octavo/evaluation';
import type { NamedTensors } from '@octavo/runtime';
import { describe, expect, it } from 'vitest';
import {
  feedsOf,
  modelOf,
  normals,
  onReference,
  runOnReference,
  samplesOf,
  sqnrOf,
  weights,
} from '../../tests/run-models.js';
import type { CalibrationSample } from '../calibrate.js';
import { judgeOf } from '../judging/judge.js';
import { prepareModel, quantizeModel } from '../quantize.js';
import { estimateSensitivity } from './estimate-sensitivity.js';
import { gatherSensitive } from './gather-sensitive.js';
import { countMeasurements, measureSensitivity } from './measure-sensitivity.js';
import { type Bits, PARTS, type Part } from './sensitivity.js';
import { type SensitiveStatistics, subjectOf } from './subject.js';
import { unranked } from './unranked.js';

/** Rows of very different size, of which samples read the small ones more often. */
const EMBEDDING = `graph opset 17 {
  input %x: int64[1, 40]
  ${weights('w', [48, 64], 1, 64)}
  %y = Gather(%w, %x) @rows
  output %y
}`;

const LSTM = (op: 'LSTM' | 'GRU', gates: number, outputs: string): string => `graph opset 17 {
  input %x: float32[12, 2, 16]
  ${weights('w', [1, gates * 24, 16], 1, 160)}
  ${weights('r', [1, gates * 24, 24], 2, 240)}
  ${outputs} = ${op}(%x, %w, %r) {hidden_size=24} @recurrent
  output %y
}`;

/** A residual block: both branches are integers, and so is their sum. */
const RESIDUAL = `graph opset 17 {
  input %x: float32[1, 4, 8, 8]
  ${weights('w', [8, 4, 3, 3], 1, 36)}
  ${weights('v', [8, 4, 3, 3], 2, 360)}
  ${weights('u', [8, 8, 1, 1], 3, 8)}
  %a = Conv(%x, %w) @left
  %b = Conv(%x, %v) @right
  %s = Add(%a, %b) @sum
  %r = Relu(%s)
  %c = Conv(%r, %u) @last
  %t = Tanh(%c)
  %y = Softmax(%t)
  output %y
}`;

function indexSamples(count: number): CalibrationSample[] {
  const indices = (seed: number) =>
    Array.from(normals(40, seed), (value) => Math.min(47, Math.floor(Math.abs(value) * 20)));
  return Array.from({ length: count }, (_, i) => ({ feeds: { x: int64(indices(i + 1)).reshape([1, 40]) } }));
}

async function sensitive(text: string, samples?: CalibrationSample[]) {
  const model = modelOf(text);
  await prepareModel(model);
  const those = samples ?? samplesOf(model.graph, 4);
  const statistics = await gatherSensitive(model, those, { createSession: onReference });
  return { model, samples: those, statistics };
}

function only(statistics: readonly SensitiveStatistics[], kind: 'stored' | 'bridge'): SensitiveStatistics {
  const found = statistics.filter((each) => 'kind' in each && each.kind === kind);
  if (found.length !== 1 || !found[0]) throw new Error(`one ${kind}, found ${found.length}`);
  return found[0];
}

async function estimateOf(statistics: SensitiveStatistics, part: Part, bits: Bits): Promise<number> {
  const [entry] = await estimateSensitivity([statistics], { bits: [bits], parts: [part] });
  return entry?.sqnr ?? Number.NaN;
}

/** Signal to noise of all samples together. */
async function measured(model: Model, other: Model, samples: readonly CalibrationSample[]): Promise<number> {
  const run = async (each: Model): Promise<NamedTensors[]> => {
    const all: NamedTensors[] = [];
    for (const { feeds } of samples) all.push(await runOnReference(each, feeds));
    return all;
  };
  const joined = (all: readonly NamedTensors[]): NamedTensors =>
    Object.fromEntries(
      all.flatMap((each, i) => Object.entries(each).map(([name, value]) => [`${name}${i}`, value])),
    );
  return sqnrOf(joined(await run(model)), joined(await run(other)));
}

describe('gatherSensitive', () => {
  it.each([8, 4] as const)('ranks rows of an embedding in %i bits by those that are read', async (bits) => {
    const { model, samples, statistics } = await sensitive(EMBEDDING, indexSamples(4));
    const rows = only(statistics, 'stored');
    const isolated = await subjectOf(rows).isolate(model, 'weights', bits);
    const estimate = await estimateOf(rows, 'weights', bits);
    expect(Math.abs(estimate - (await measured(model, isolated, samples)))).toBeLessThan(0.01);
  });

  it('rounds rows as quantizing does', async () => {
    const { model, samples, statistics } = await sensitive(EMBEDDING, indexSamples(2));
    const isolated = await subjectOf(only(statistics, 'stored')).isolate(model, 'weights', 8);
    const { model: quantized } = await quantizeModel(model, { recipe: { mode: 'dynamic' } });
    for (const { feeds } of samples) {
      const [ours, theirs] = [await runOnReference(isolated, feeds), await runOnReference(quantized, feeds)];
      expect(ours['y']).toBeDefined();
      expect(ours).toEqual(theirs);
    }
  });

  it.each([
    ['LSTM', 4, '%y, %h, %c'],
    ['LSTM', 4, '_, %y'],
    ['GRU', 3, '%y'],
  ] as const)(
    'ranks the weights of %s with %i gates that gives %s, as what its gates add up',
    async (op, gates, outputs) => {
      const { model, samples, statistics } = await sensitive(LSTM(op, gates, outputs));
      const layer = only(statistics, 'stored');
      const isolated = await subjectOf(layer).isolate(model, 'weights', 8);
      const estimate = await estimateOf(layer, 'weights', 8);
      // Gates near the middle of a sigmoid pass noise on as they pass the signal on. A bit is 6 dB.
      expect(Math.abs(estimate - (await measured(model, isolated, samples)))).toBeLessThan(2);
      expect(await estimateSensitivity([layer], { bits: [4, 8, 16], parts: PARTS })).toMatchObject([
        { part: 'weights', bits: 8, weights: gates * 24 * 40 },
      ]);
    },
  );

  it('takes no cell state for the hidden states', async () => {
    const { statistics } = await sensitive(LSTM('LSTM', 4, '_, _, %y'));
    const layer = only(statistics, 'stored');
    if (!('kind' in layer) || layer.kind !== 'stored') throw new Error('an LSTM has stored weights');
    expect(layer.weights.map(({ columnPower }) => columnPower?.length)).toEqual([16, undefined]);
    expect(await estimateOf(layer, 'weights', 8)).toBeGreaterThan(30);
  });

  it.each([8, 4] as const)('ranks what the nodes between integer layers read in %i bits', async (bits) => {
    const { model, samples, statistics } = await sensitive(RESIDUAL);
    const sum = only(statistics, 'bridge');
    const names = (graph: Model['graph']) =>
      graph.nodes.find(({ name }) => name === 'sum')?.output?.name ?? '';
    const isolated = await subjectOf(sum).isolate(model, 'activations', bits);
    for (const each of [model, isolated]) {
      const value = each.graph.value(names(each.graph));
      if (value) each.graph.outputs = [value];
    }
    const estimate = await estimateOf(sum, 'activations', bits);
    // The branches do not correlate: signals add up as noises do.
    expect(Math.abs(estimate - (await measured(model, isolated, samples)))).toBeLessThan(2);
  });

  it('is measured exactly too: a sum, an embedding and an LSTM, each alone', async () => {
    const text = `graph opset 17 {
      input %x: int64[5, 1]
      ${weights('e', [48, 32], 1, 32)}
      ${weights('w', [1, 96, 32], 2, 320)}
      ${weights('r', [1, 96, 24], 3, 240)}
      const %axes: int64[1] = [1]
      %g = Gather(%e, %x) @rows
      %s = LSTM(%g, %w, %r) {hidden_size=24} @recurrent
      %y = Squeeze(%s, %axes)
      output %y
    }`;
    const samples = [1, 2, 3].map((seed) => ({
      id: `${seed}`,
      feeds: { x: int64([0, seed, 7, 3 * seed, 47]).reshape([5, 1]) },
      label: 0,
    }));
    const { model, statistics } = await sensitive(text, samples);
    const judge = judgeOf(memoryDataset(samples), mae);
    const options = { bits: [8] as const, parts: PARTS, judge, createSession: onReference };
    expect(countMeasurements(statistics, options)).toBe(2);
    const ranked = await measureSensitivity(model, statistics, options);
    expect(ranked.map(({ op, part }) => [op, part]).sort()).toEqual([
      ['Gather', 'weights'],
      ['LSTM', 'weights'],
    ]);
    for (const { sqnr, metric } of ranked) {
      expect(sqnr).toBeGreaterThan(25);
      expect(sqnr).toBeLessThan(70);
      expect(Math.abs(metric?.drop ?? Number.NaN)).toBeGreaterThan(0);
    }
    const residual = await sensitive(RESIDUAL);
    const images = residual.samples.map(({ feeds }, i) => ({ id: `${i}`, feeds, label: 0 }));
    const sums = await measureSensitivity(residual.model, residual.statistics, {
      ...options,
      judge: judgeOf(memoryDataset(images), mae),
      parts: ['activations'],
    });
    expect(sums.map(({ op }) => op).sort()).toEqual(['Add', 'Conv', 'Conv', 'Conv']);
    expect(sums.find(({ op }) => op === 'Add')?.sqnr).toBeGreaterThan(20);
  });

  it('says what is not ranked, and why', async () => {
    const { model, statistics } = await sensitive(RESIDUAL);
    const ways = { parts: PARTS, bits: [8] as const };
    expect(unranked(model.graph, statistics, ways)).toEqual([
      { op: 'Relu', nodes: 1, because: 'part of the layer before it' },
      { op: 'Tanh', nodes: 1, because: 'not between integer layers: it stays in float' },
      { op: 'Softmax', nodes: 1, because: 'it stays in float' },
    ]);
    const weightsOnly = unranked(model.graph, statistics, { ...ways, parts: ['weights'] });
    expect(weightsOnly).toContainEqual({
      op: 'Add',
      nodes: 1,
      because: 'ranked by its activations in 2, 4, 8, 16 bits, which were not asked for',
    });
  });

  it('says why weights of layers and of embeddings are not ranked', async () => {
    const text = `graph opset 17 {
      input %x: float32[4, 8]
      ${weights('w', [8, 8], 1, 8)}
      const %i: int64[3] = [0, 2, 1]
      %t = Transpose(%x)
      %m = MatMul(%x, %t)
      %g = Gather(%w, %i)
      %y = MatMul(%g, %t)
      output %y
      output %m
    }`;
    const indexed = text.replace('const %i: int64[3] = [0, 2, 1]', 'input %i: int64[3]');
    const { x } = feedsOf(modelOf(text).graph, 1);
    if (!x) throw new Error('a model reads x');
    const { model, statistics } = await sensitive(indexed, [{ feeds: { x, i: int64([0, 2, 1]) } }]);
    expect(unranked(model.graph, statistics, { parts: PARTS, bits: [8] })).toEqual([
      { op: 'MatMul', nodes: 2, because: 'weights are not constant' },
      { op: 'Transpose', nodes: 1, because: 'it moves elements, which keep their integers' },
      { op: 'Gather', nodes: 1, because: 'its weights are no constants of 1024 elements or more' },
    ]);
  });

  it('says why columns and the graphs of other nodes are not ranked', async () => {
    const text = `graph opset 17 {
      input %cond: bool[]
      ${weights('w', [32, 64], 1, 32)}
      input %i: int64[3]
      %g = Gather(%w, %i) {axis=1}
      %c = If(%cond) {else_branch=graph e {
        const %v: float32[2] = [1, 2]
        %a = Neg(%v)
        output %a
      }, then_branch=graph t {
        const %v: float32[2] = [1, 2]
        %b = Abs(%v)
        output %b
      }}
      output %g
      output %c
    }`;
    const model = modelOf(text);
    await prepareModel(model);
    expect(unranked(model.graph, [], { parts: PARTS, bits: [8] })).toEqual([
      { op: 'Gather', nodes: 1, because: 'it reads along axis 1, not rows' },
      {
        op: 'If',
        nodes: 1,
        because:
          'what it holds is not ranked: modes dynamic and weight-only quantize it, others leave it in float',
      },
    ]);
  });
});
