import { parseHTML } from 'linkedom';
import { describe, expect, it } from 'vitest';
import { evaluate } from '../evaluate.js';
import { mape, type Scored, sqnr, topK } from '../metrics/index.js';
import type { GateResult, Measurements } from './gate.js';
import { judgeSuite } from './judge.js';
import { checkJunit } from './junit.js';
import { checkMarkdown } from './markdown.js';
import { segmentationsOf } from './needs.js';
import { parseSuite } from './parse.js';
import type { CheckReport } from './report.js';
import { compareSnapshot, parseSnapshot, takeSnapshot } from './snapshot.js';

const COUNT = 400;

/** Prices near 100 whose predictions err by 10%, and by `extra` more where `which` says so. */
function samples(extra: number, which: (i: number) => boolean = () => true): Scored[] {
  return Array.from({ length: COUNT }, (_, i) => {
    const label = 100 + (i % 7);
    const prediction = label * (1.1 + 0.02 * ((i % 5) - 2) + (which(i) ? extra : 0));
    return {
      id: `s${i}`,
      label,
      prediction,
      score: Math.abs(prediction / label - 1),
      columns: {
        half: i < COUNT / 2 ? 'north' : 'south',
        few: i < 10 ? 'rare' : 'usual',
        date: `2020-0${1 + Math.floor((4 * i) / COUNT)}-01`,
        lat: 47 + i / COUNT,
        long: -122,
      },
    };
  });
}

function measure(text: string, scored: Scored[], changes: Partial<Measurements> = {}): Measurements {
  const original = samples(0);
  const segmentations = segmentationsOf(parseSuite(text));
  const latency = { runs: 10, median: 2, p95: 3, throughput: 500 };
  return {
    evaluations: [evaluate(mape, scored, { original, segmentations })],
    fidelity: [
      evaluate(
        sqnr,
        scored.map((each, i) => ({
          ...each,
          score: (each.prediction - (original[i]?.prediction ?? 0)) ** 2,
          weight: each.prediction ** 2,
        })),
        { segmentations },
      ),
    ],
    scored,
    original,
    performance: {
      quantized: { bytes: 300, latency, peakMemory: null },
      original: { bytes: 1000, latency: { ...latency, median: 3 }, peakMemory: 5 },
    },
    stability: { activations: [], weights: [], layers: [], deviations: [], edgeCases: [], outOfRange: [] },
    ...changes,
  };
}

function judge(
  limits: string,
  scored: Scored[],
  changes: Partial<Measurements> = {},
): Record<string, string> {
  const text = `data: a\nmetrics: [mape]\n${limits}`;
  const { gates } = judgeSuite(parseSuite(text), measure(text, scored, changes));
  return Object.fromEntries(gates.map(({ name, status }) => [name, status]));
}

describe('accuracy gates', () => {
  it('pass and fail on either side of the limit', () => {
    const worse = samples(0.002);
    expect(judge('accuracy: [{ minRetention: 0.97 }]', worse)).toEqual({ 'mape retention': 'passed' });
    expect(judge('accuracy: [{ minRetention: 0.99 }]', worse)).toEqual({ 'mape retention': 'failed' });
    expect(judge('accuracy: [{ maxDrop: 0.03 }]', worse)).toEqual({ 'mape drop': 'passed' });
    expect(judge('accuracy: [{ maxDrop: 0.01 }]', worse)).toEqual({ 'mape drop': 'failed' });
    expect(judge('accuracy: [{ max: 0.11 }]', worse)).toEqual({ mape: 'passed' });
    expect(judge('accuracy: [{ max: 0.101 }]', worse)).toEqual({ mape: 'failed' });
  });

  it('fail only beyond the noise of the samples, unless the value itself is judged', () => {
    const noisy = samples(0.15, (i) => i % 200 === 0).map((each, i) =>
      i % 100 === 50 ? { ...each, score: each.score * 0.2 } : each,
    );
    const drop = evaluate(mape, noisy, { original: samples(0) }).overall.original;
    expect(drop?.interval.low).toBeLessThan((drop?.drop ?? 0) - 0.001);
    const limit = ((drop?.drop ?? 0) + (drop?.interval.low ?? 0)) / 2;
    expect(judge(`accuracy: [{ maxDrop: ${limit} }]`, noisy)).toEqual({ 'mape drop': 'passed' });
    expect(judge(`accuracy: [{ maxDrop: ${limit}, judge: value }]`, noisy)).toEqual({
      'mape drop': 'failed',
    });
  });

  it('neither pass nor fail where all rows are of one sample', () => {
    const rows = samples(0.05).map((each) => ({ ...each, sample: 'document' }));
    const limits = (value: number, judge: string): string =>
      `accuracy: [{ minRetention: ${1 - value}, maxDrop: ${value}, judge: ${judge} }]`;
    for (const value of [0.01, 0.9])
      expect(judge(limits(value, 'interval'), rows)).toEqual({
        'mape retention': 'skipped',
        'mape drop': 'skipped',
      });
    expect(judge(limits(0.01, 'value'), rows)).toEqual({ 'mape retention': 'failed', 'mape drop': 'failed' });
    const { gates } = judgeSuite(
      parseSuite(`data: a\nmetrics: [mape]\n${limits(0.01, 'interval')}`),
      measure('data: a\nmetrics: [mape]', rows),
    );
    expect(gates[0]?.because).toContain('not enough samples');
  });

  it('find the one segment that lost, and skip those that are too small', () => {
    const south = samples(0.01, (i) => i >= COUNT / 2);
    expect(judge('accuracy: [{ segments: [half, few], minRetention: 0.97 }]', south)).toEqual({
      'mape retention, half: north': 'passed',
      'mape retention, half: south': 'failed',
      'mape, few: rare': 'skipped',
      'mape retention, few: usual': 'failed',
    });
  });

  it('allow scores to lose a share of the original', () => {
    const hits = (misses: number): Scored[] =>
      samples(0).map((each, i) => ({ ...each, score: i % 2 === 0 && i >= 2 * misses ? 1 : 0 }));
    const text = (limit: number): string =>
      `data: a\nmetrics: [top1]\naccuracy: [{ minRetention: ${limit}, judge: value }]`;
    const verdict = (misses: number, limit: number): string =>
      judgeSuite(parseSuite(text(limit)), {
        ...measure(text(limit), samples(0)),
        evaluations: [evaluate(topK(1), hits(misses), { original: hits(0) })],
      }).verdict;
    expect(verdict(10, 0.94)).toBe('ready');
    expect(verdict(10, 0.96)).toBe('not ready');
  });
});

describe('other gates', () => {
  it('judge fidelity', () => {
    const limit = (min: number): string => `fidelity: [{ metric: sqnr, min: ${min} }]`;
    expect(judge(limit(40), samples(0.01))).toEqual({ sqnr: 'passed' });
    expect(judge(limit(42), samples(0.01))).toEqual({ sqnr: 'failed' });
  });

  it('judge size and speed; what was not measured fails', () => {
    expect(
      judge(
        'performance: { minSpeedup: 1.4, maxSizeRatio: 0.2, maxMemoryRatio: 9, maxP95Ms: 3 }',
        samples(0),
      ),
    ).toEqual({
      'speed-up (median latency)': 'passed',
      '95th percentile of latency': 'passed',
      'size ratio': 'failed',
      'peak memory ratio': 'failed',
    });
  });

  it('judge what happens inside', () => {
    const bins = { edges: [], counts: [] };
    const distribution = { elements: 10, nonFinite: 0, min: 0, max: 1, bins };
    const range = { min: 0, max: 1 };
    const stability: Measurements['stability'] = {
      activations: [{ value: 'a', range, scale: 0.1, ...distribution, below: 0, above: 1, saturated: 0.1 }],
      weights: [
        {
          value: 'w',
          storage: 'int8',
          granularity: 'per-axis',
          ...distribution,
          range,
          atLimits: 0.3,
          zeros: 0,
          scaleSpread: 2,
          sqnr: 12,
        },
      ],
      layers: [],
      deviations: [{ run: '2 threads, run 1', sample: 3, output: 'y', maxAbs: 0.5 }],
      edgeCases: [
        {
          name: 'zeros',
          original: 1,
          quantized: Number.NaN,
          originalNonFinite: 0,
          quantizedNonFinite: 1,
          sqnr: 0,
          passed: false,
        },
      ],
      outOfRange: [],
    };
    const limits =
      'stability: { maxSaturated: 0.05, maxWeightsAtLimits: 0.4, minWeightSqnr: 20, deterministic: true, finiteEdgeCases: true }';
    expect(judge(limits, samples(0), { stability })).toEqual({
      'saturated activations, worst: a': 'failed',
      'weights at the ends of their integers, worst: w': 'passed',
      'SQNR of weights, worst: w': 'failed',
      'equal bits over runs and threads': 'failed',
      'finite outputs in edge cases': 'failed',
    });
  });

  it('judge bands of prices', () => {
    const cheap = samples(0.05, (i) => i % 7 < 3);
    expect(judge('domain: { priceRange: [{ by: "label:103", maxDrop: 0.2 }] }', cheap)).toEqual({
      'mape drop, label:103: label < 103': 'failed',
      'mape drop, label:103: label >= 103': 'passed',
    });
  });

  it('find a bias that follows the map, by region and by neighbours', () => {
    const patch = samples(0.05, (i) => i >= 100 && i < 130);
    const limits =
      'domain: { geography: { region: half, latitude: lat, longitude: long, neighbours: 15, maxBias: 0.01 } }';
    const {
      'bias by region, half: north': north,
      'bias by region, half: south': south,
      ...rest
    } = judge(limits, patch);
    expect([north, south]).toEqual(['passed', 'passed']);
    // Every sample with all its neighbours in the patch has the same bias.
    expect(Object.keys(rest)).toEqual([
      expect.stringMatching(/^bias of 15 neighbours, worst: around s1(0[7-9]|1\d|2[0-2])$/),
    ]);
    expect(Object.values(rest)).toEqual(['failed']);
    const scattered = samples(0.05, (i) => i % 10 === 0);
    expect(Object.values(judge(limits, scattered))).toEqual(['passed', 'passed', 'passed']);
  });

  it('find a drift over time', () => {
    const drifting = samples(0).map((each, i) => ({
      ...each,
      prediction: each.prediction * (1 + 0.01 * Math.floor((4 * i) / COUNT)),
    }));
    const limits = (trend: number): string =>
      `domain: { time: { period: "date:month", maxTrend: ${trend} } }`;
    expect(Object.values(judge(limits(0.011), drifting))).toEqual(['passed']);
    expect(Object.values(judge(limits(0.009), drifting))).toEqual(['failed']);
    const last = samples(0.01, (i) => i >= (3 * COUNT) / 4);
    const spread = (limit: number): string =>
      `domain: { time: { period: "date:month", maxDropSpread: ${limit} } }`;
    expect(Object.values(judge(spread(0.15), last))).toEqual(['passed']);
    expect(Object.values(judge(spread(0.05), last))).toEqual(['failed']);
  });
});

describe('snapshots', () => {
  const text = 'data: a\nmetrics: [mape]\nsnapshot: { quality: 0.01, size: 0.1, latency: 0.2 }';
  const suite = parseSuite(text);
  const taken = takeSnapshot(measure(text, samples(0)));

  it('hold ratios, and pass when nothing changed', () => {
    expect(taken).toEqual({ retention: { mape: 1 }, bytes: 300, latencyRatio: 2 / 3 });
    expect(parseSnapshot(JSON.stringify(taken), 'f')).toEqual(taken);
    expect(compareSnapshot(suite, taken, taken).map(({ status }) => status)).toEqual([
      'passed',
      'passed',
      'passed',
    ]);
  });

  it('fail on what became worse than the suite tolerates, and on metrics that have gone', () => {
    const statuses = (now: typeof taken) => compareSnapshot(suite, taken, now).map(({ status }) => status);
    expect(statuses({ ...taken, retention: { mape: 0.98 } })).toEqual(['failed', 'passed', 'passed']);
    expect(statuses({ ...taken, bytes: 340, latencyRatio: 0.81 })).toEqual(['passed', 'failed', 'failed']);
    expect(statuses({ ...taken, bytes: 329, latencyRatio: 0.79 })).toEqual(['passed', 'passed', 'passed']);
    expect(statuses({ ...taken, retention: {} })).toEqual(['failed', 'passed', 'passed']);
  });

  it.each(['', '[]', '{"bytes": 1}', '{"retention": {}, "bytes": 0, "latencyRatio": 1}'])(
    'refuse %j',
    (bad) => {
      expect(() => parseSnapshot(bad, 'file.json')).toThrow(/file\.json.*--update-snapshot/);
    },
  );
});

describe('written results', () => {
  const hostile = 'a|b <script>&"x"\u0001';
  const gates: GateResult[] = [
    { group: 'accuracy', name: 'fine', status: 'passed', measured: 1, limit: 1, because: 'ok' },
    { group: 'domain', name: hostile, status: 'failed', measured: 1, limit: 0, because: hostile },
    { group: 'domain', name: 'small', status: 'skipped', measured: 1, limit: 30, because: 'few' },
  ];
  const text = 'data: a\nmetrics: [mape]\nsegments: [half]';
  const measurements = measure(text, samples(0.01));
  const report: CheckReport = {
    verdict: 'not ready',
    reasons: ['x'],
    gates,
    model: 'm`.onnx',
    against: 'o.onnx',
    suite: 's',
    samples: COUNT,
    worst: [],
    ...measurements,
  };

  it('are JUnit XML with counts, failures and skipped cases', () => {
    const xml = checkJunit(report);
    expect(xml).not.toContain('\u0001');
    const { document } = parseHTML(xml.replace(/^<\?xml.*\?>/, ''));
    const root = document.querySelector('testsuites');
    expect(['tests', 'failures', 'skipped'].map((name) => root?.getAttribute(name))).toEqual(['3', '1', '1']);
    expect(document.querySelectorAll('testsuite').length).toBe(2);
    expect(document.querySelectorAll('testcase').length).toBe(3);
    expect(document.querySelector('failure')?.getAttribute('message')).toBe('a|b <script>&"x" ');
    expect(document.querySelectorAll('script')).toHaveLength(0);
  });

  it('are Markdown whose cells hold whatever text there is', () => {
    const markdown = checkMarkdown(report);
    expect(markdown).toContain("## ❌ Not ready: `m'.onnx`");
    expect(markdown).toContain('limits: 1 passed, 1 failed, 1 skipped');
    expect(markdown).toContain('| runs with other bits |  | 0 |');
    expect(markdown).toContain('| edge cases that are not finite |  | 0 of 0 |');
    expect(markdown).not.toContain('<script>');
    const table = markdown.split('\n').filter((line) => line.startsWith('| ❌'));
    expect(table).toHaveLength(1);
    expect(table[0]?.match(/(?<!\\)\|/g)).toHaveLength(5);
    expect(markdown).toContain('<summary>mape by half, largest drop first</summary>');
  });
});
