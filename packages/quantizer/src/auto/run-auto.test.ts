import { cloneModel, type Model, Mul } from '@octavo/core/ir';
import { float32, StoredTensor, toNumbers } from '@octavo/core/tensor';
import { memoryDataset, type Sample } from '@octavo/datasets';
import { defineMetric } from '@octavo/evaluation';
import { describe, expect, it } from 'vitest';
import { feedsOf, modelOf, onReference, runOnReference, samplesOf, weights } from '../../tests/run-models.js';
import { type Judge, judgeOf, type Target } from '../judging/index.js';
import { type AutoOptions, quantizeAutomatically } from './run-auto.js';
import type { Attempt, Rung } from './rung.js';
import { DEFAULT_RUNGS } from './rungs/index.js';

const NETWORK = modelOf(`graph opset 17 {
  input %x: float32[1, 48]
  ${weights('w1', [48, 64], 1, 48)}
  ${weights('w2', [64, 64], 2, 64)}
  ${weights('w3', [64, 8], 3, 64)}
  %a = MatMul(%x, %w1) @first
  %r = Relu(%a)
  %b = MatMul(%r, %w2) @second
  %s = Relu(%b)
  %y = MatMul(%s, %w3) @third
  output %y
}`);

const target: Target = { name: 'reference', open: (model) => onReference(model, { taps: [] }) };

/** A metric of one's own: 10 minus the distance of the first output from the label. */
const closeness = defineMetric({
  name: 'closeness',
  higherIsBetter: true,
  score: (output, label) => 10 - Math.abs((output[0] ?? 0) - label),
});

/** Labels that the float model gives itself. */
async function judgeFor(model: Model, count = 6): Promise<Judge> {
  const samples: Sample[] = [];
  for (let i = 0; i < count; i++) {
    const feeds = feedsOf(model.graph, 100 + i);
    const { y } = await runOnReference(model, feeds);
    samples.push({ id: `row ${i}`, feeds, label: y ? Number(toNumbers(y)[0]) : 0 });
  }
  return judgeOf(memoryDataset(samples), closeness);
}

async function optionsFor(model: Model, changes: Partial<AutoOptions> = {}): Promise<AutoOptions> {
  return {
    judge: await judgeFor(model),
    targets: [target],
    feeds: [feedsOf(model.graph, 1)],
    latencyBudget: 2,
    limit: { minRetention: 0.99 },
    calibration: () => samplesOf(model.graph, 4),
    createSession: onReference,
    ...changes,
  };
}

/** A rung that tries given models. */
function rungOf(name: string, models: readonly Model[], told: (Attempt | undefined)[] = []): Rung {
  return {
    name,
    description: 'given models',
    async *candidates() {
      for (const [index, model] of models.entries()) told.push(yield { label: `${index}`, model });
    },
  };
}

describe('quantizeAutomatically', () => {
  it('keeps the fastest of the models that pass, and reports everything', async () => {
    const { attempts, choice, original } = await quantizeAutomatically(NETWORK, await optionsFor(NETWORK));
    expect(original.value).toBe(10);
    const passed = attempts.filter(({ outcome }) => outcome === 'passed');
    expect(passed.length).toBeGreaterThan(2);
    const ratios = passed.map(({ figures }) => figures?.latency[0]?.ratio ?? Number.NaN);
    expect(choice?.attempt.figures.latency[0]?.ratio).toBe(Math.min(...ratios));
    expect([...new Set(attempts.map(({ rung }) => rung))]).toEqual(DEFAULT_RUNGS.map(({ name }) => name));
    for (const { figures } of passed) {
      expect(figures?.quality).toMatchObject({ count: 6, original: { value: 10 } });
      expect(figures?.retention).toBeGreaterThanOrEqual(0.99);
      expect(figures?.bytes).toBeLessThan(original.bytes);
    }
  });

  it('says why a method is skipped or fails', async () => {
    const small = modelOf(`graph opset 17 {
      input %x: float32[1, 8]
      ${weights('w', [8, 8], 1, 8)}
      %y = MatMul(%x, %w)
      output %y
    }`);
    const options = await optionsFor(small, { calibration: undefined });
    const { attempts } = await quantizeAutomatically(small, options);
    const of = (rung: string): Attempt | undefined => attempts.find((each) => each.rung === rung);
    expect(of('static-per-tensor')).toMatchObject({
      outcome: 'skipped',
      because: expect.stringContaining('calibration'),
    });
    expect(of('weight-only')).toMatchObject({ outcome: 'failed', code: 'NOTHING_TO_QUANTIZE' });
    expect(of('dynamic')?.outcome).toBe('passed');
  });

  it('has no choice when nothing passes, but every figure', async () => {
    const options = await optionsFor(NETWORK, { limit: { minRetention: 1.5 } });
    const { attempts, choice, warnings } = await quantizeAutomatically(NETWORK, options);
    expect(choice).toBeUndefined();
    expect(warnings).toEqual([]);
    const missed = attempts.filter(({ outcome }) => outcome === 'missed');
    expect(missed.length).toBe(attempts.length);
    for (const { because, figures } of missed) {
      expect(because).toMatch(/keeps [0-9.]+% of the metric, less than 150\.00%/);
      expect(figures).toBeDefined();
    }
    const kept = attempts.filter(({ rung }) => rung === 'sensitive-layers-float');
    expect(kept.map(({ label }) => label)).toEqual(['1 of 3 layers in float', '2 of 3 layers in float']);
  });

  it.each([
    ['after static models', DEFAULT_RUNGS],
    ['without a static model', DEFAULT_RUNGS.filter(({ name }) => name === 'sensitive-layers-float')],
  ])('keeps layers float on top of those that the recipe does, %s', async (_, rungs) => {
    const options = await optionsFor(NETWORK, {
      rungs,
      limit: { minRetention: 1.5 },
      recipe: { exclude: ['first'], layers: [{ nodes: ['second'], observer: 'mse' }] },
    });
    const { attempts } = await quantizeAutomatically(NETWORK, options);
    for (const { recipe } of attempts)
      expect(recipe).toMatchObject({
        exclude: expect.arrayContaining(['first']),
        layers: [{ observer: 'mse' }],
      });
    const [kept, ...more] = attempts.filter(({ rung }) => rung === 'sensitive-layers-float');
    expect(more).toEqual([]);
    expect(kept?.label).toBe('1 of 2 layers in float');
    expect(kept?.recipe?.exclude).toHaveLength(2);
  });

  it('fails where the recipe leaves no layer to quantize', async () => {
    const rungs = DEFAULT_RUNGS.filter(({ name }) => name !== 'fp16');
    const recipe = { exclude: ['first', 'third'], layers: [{ nodes: ['second'], keepFloat: true }] };
    const { attempts, choice } = await quantizeAutomatically(
      NETWORK,
      await optionsFor(NETWORK, { rungs, limit: { minRetention: 0 }, recipe }),
    );
    expect(choice).toBeUndefined();
    for (const attempt of attempts)
      expect(attempt).toMatchObject({ outcome: 'failed', code: 'NOTHING_TO_QUANTIZE' });
    expect(attempts.map(({ rung }) => rung)).toContain('sensitive-layers-float');
  });

  it('takes rungs of one’s own and tells them what became of each candidate', async () => {
    const told: (Attempt | undefined)[] = [];
    const broken: Rung = {
      name: 'broken',
      description: 'throws',
      // biome-ignore lint/correctness/useYield: it fails before it has anything to try.
      async *candidates() {
        throw new Error('no luck');
      },
    };
    const options = await optionsFor(NETWORK, {
      rungs: [broken, rungOf('own', [withZeroWeights(NETWORK), cloneModel(NETWORK)], told)],
    });
    const { attempts, choice } = await quantizeAutomatically(NETWORK, options);
    expect(attempts.map(({ rung, outcome }) => [rung, outcome])).toEqual([
      ['broken', 'failed'],
      ['own', 'missed'],
      ['own', 'passed'],
    ]);
    expect(attempts[0]?.because).toBe('no luck');
    expect(told).toEqual(attempts.slice(1));
    expect(choice?.attempt.label).toBe('1');
  });

  it('counts a model that the target refuses as a failure', async () => {
    const unknown = modelOf(`graph opset 17 {
      input %x: float32[1, 48]
      %y: float32[1, 8] = com.example.Swirl(%x)
      output %y
    }`);
    const options = await optionsFor(NETWORK, { rungs: [rungOf('own', [unknown])] });
    const { attempts } = await quantizeAutomatically(NETWORK, options);
    expect(attempts).toMatchObject([{ outcome: 'failed', code: 'OP_UNSUPPORTED' }]);
  });

  it('says so when the only model that passes is slower than the original', async () => {
    const options = await optionsFor(NETWORK, { rungs: [rungOf('own', [withUselessWork(NETWORK)])] });
    const { choice, warnings } = await quantizeAutomatically(NETWORK, options);
    expect(choice?.attempt.figures.latency[0]?.ratio).toBeGreaterThan(1);
    expect(warnings).toMatchObject([expect.stringContaining('slower than the original on reference')]);
  });

  it('says so when the samples are too few to decide, of what passes and of what misses', async () => {
    const own = rungOf('own', [withZeroWeights(NETWORK)]);
    const tryOut = async (minRetention: number) =>
      quantizeAutomatically(NETWORK, await optionsFor(NETWORK, { rungs: [own], limit: { minRetention } }));
    const decided = await tryOut(0);
    expect(decided.attempts).toMatchObject([{ outcome: 'passed' }]);
    expect(decided.attempts[0]).not.toHaveProperty('undecided');
    const { value = 0, drop = 0, interval } = decided.attempts[0]?.figures?.quality.original ?? {};
    const between = (end = 0): number => 1 - (drop + end) / 2 / value;

    const kept = await tryOut(between(interval?.high));
    const undecided = expect.stringMatching(/^too few samples \(6\): the 95% interval/);
    expect(kept.attempts).toMatchObject([{ outcome: 'passed', undecided }]);
    expect(kept.warnings).toContainEqual(expect.stringContaining(kept.attempts[0]?.undecided ?? '-'));
    const missed = await tryOut(between(interval?.low));
    expect(missed.attempts).toMatchObject([{ outcome: 'missed', undecided }]);
  });

  it('stops before the next sample when it is aborted from outside', async () => {
    const controller = new AbortController();
    let after = 0;
    const options = await optionsFor(NETWORK, {
      signal: controller.signal,
      judge: await judgeFor(NETWORK, 500),
      onSample: () => {
        if (controller.signal.aborted) after++;
      },
    });
    const timer = setTimeout(() => controller.abort(new Error('stopped')), 20);
    await expect(quantizeAutomatically(NETWORK, options)).rejects.toThrow('stopped');
    clearTimeout(timer);
    expect(after).toBeLessThanOrEqual(1);
  });
});

/** The network with a last layer that gives nothing. */
function withZeroWeights(source: Model): Model {
  const model = cloneModel(source);
  const value = model.graph.value('w3');
  if (value) value.constant = StoredTensor.of(float32(new Float32Array(64 * 8), [64, 8]));
  return model;
}

/** The same results , to six digits, after many multiplications. */
function withUselessWork(source: Model): Model {
  const model = cloneModel(source);
  const { graph } = model;
  const [x] = graph.inputs;
  const one = graph.addInitializer('one', StoredTensor.of(float32([1 + 2 ** -23], [1])));
  if (!x) throw new Error('the network has an input');
  const users = [...x.users];
  let value = x;
  for (let i = 0; i < 400; i++)
    value = graph.emit(Mul, { A: value, B: one }, {}, { name: `useless_${i}` }).output ?? value;
  for (const user of users) user.replaceOperand(x, value);
  return model;
}
