import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Sample } from '@octavo/datasets';
import { type Comparison, evaluate, type Summary } from '@octavo/evaluation';
import { loadOnnx, saveOnnx } from '@octavo/formats/node';
import { type AutoResult, quantizeAutomatically } from '@octavo/quantizer';
import { createOnnxRuntimeSession } from '@octavo/runtime/onnxruntime';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type AutoRow, writeAutoResults } from './auto-table.js';
import { dataFolder } from './data-folder.js';
import { score } from './quantized-runs.js';
import type { LabelledModel } from './real-model.js';
import { REAL_MODELS } from './real-models.js';
import { originalOf } from './results-table.js';
import { spread } from './spread.js';

const MIN_RETENTION = 0.99;
/** Of the sessions that are timed. */
const THREADS = 1;
/** Every attempt of a search is scored on the first, its choice on the second too. */
const [VALIDATION, HELD_OUT, CALIBRATION] = [200, 400, 16];
const folder = dataFolder() ?? '';
const labelled = REAL_MODELS.filter(({ labels }) => labels === 'data');

describe.skipIf(folder === '')('the automatic search on labelled public models', () => {
  let work = '';
  beforeAll(async () => {
    work = await mkdtemp(join(tmpdir(), 'octavo-auto-'));
  });
  const rows: AutoRow[] = [];
  afterAll(async () => {
    await rm(work, { recursive: true, force: true });
    if (rows.length === labelled.length)
      await writeAutoResults(rows, { minRetention: MIN_RETENTION, threads: THREADS });
  });

  test.each(labelled)(
    'keeps its promise of 99%, and does not surely break it on samples that it never saw: $name',
    async (real) => {
      using float = await createOnnxRuntimeSession(join(folder, real.file));
      const samples = await real.test(folder, float);
      const half = (rest: number): Sample[] => samples.filter((_, i) => i % 2 === rest);
      const some = (all: readonly Sample[], most: number): Sample[] =>
        spread(all, { samples: most, bytes: 2 ** 25 });
      const [validation, heldOut] = [some(half(0), VALIDATION), some(half(1), HELD_OUT)];
      const calibration = spread(await real.calibration(folder, float), {
        samples: CALIBRATION,
        bytes: 2 ** 24,
      });
      const result = await search(real, validation, calibration);
      const { choice, attempts } = result;
      const outcomes = attempts
        .map(({ rung, label, outcome, because = '' }) => `${rung} ${label}: ${outcome} ${because}`)
        .join('\n');
      if (!choice) throw new Error(`nothing passes\n${outcomes}`);
      const passed = attempts.filter(({ outcome }) => outcome === 'passed');
      const ratios = passed.map(({ figures }) => figures?.latency[0]?.ratio ?? Number.NaN);
      expect(choice.attempt.figures.latency[0]?.ratio, outcomes).toBe(Math.min(...ratios));

      const output = join(work, 'choice.onnx');
      await rm(output, { force: true });
      await saveOnnx(choice.model, output);
      using chosen = await createOnnxRuntimeSession(output);
      const metric = real.judge ?? real.metric;
      const compare = async (those: readonly Sample[]): Promise<Comparison> => {
        const original = await score(real, float, those);
        return originalOf(evaluate(metric, await score(real, chosen, those), { original }).overall);
      };
      expect((await compare(validation)).retention, outcomes).toBeGreaterThanOrEqual(MIN_RETENTION);
      const unseen = await compare(heldOut);
      expect(leastLoss(metric, unseen), outcomes).toBeLessThanOrEqual(1 - MIN_RETENTION);
      const [model, heldOutSamples] = [real, heldOut.length];
      rows.push({ model, result, validation: validation.length, heldOut: unseen, heldOutSamples });
    },
  );
});

/** As `octavo quantize --mode auto --min-retention 0.99` where onnxruntime is installed. */
async function search(
  real: LabelledModel,
  validation: readonly Sample[],
  calibration: readonly Sample[],
): Promise<AutoResult> {
  return quantizeAutomatically(await loadOnnx(join(folder, real.file)), {
    limit: { minRetention: MIN_RETENTION },
    judge: { metric: real.judge ?? real.metric, score: (session) => score(real, session, validation) },
    targets: [
      { name: 'onnxruntime', open: (model) => createOnnxRuntimeSession(model, { threads: THREADS }) },
    ],
    feeds: validation.slice(0, 4).map(({ feeds }) => feeds),
    latencyBudget: 20,
    calibration: () => calibration,
    createSession: (model, { taps }) => createOnnxRuntimeSession(model, { taps, optimization: 'basic' }),
  });
}

/** The lower end of the 95% interval of the share of the metric that is lost. */
function leastLoss({ higherIsBetter }: Summary, { value, interval }: Comparison): number {
  return higherIsBetter ? interval.low / value : 1 - 1 / (1 + interval.low);
}
