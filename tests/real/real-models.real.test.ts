import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Model } from '@octavo/core/ir';
import type { Sample } from '@octavo/datasets';
import { evaluate, type Figure, type Scored, type Summary } from '@octavo/evaluation';
import { loadOnnx } from '@octavo/formats/node';
import type { Session } from '@octavo/runtime';
import { createOnnxRuntimeSession } from '@octavo/runtime/onnxruntime';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Agreement, agreement } from './agreement.js';
import { dataFolder } from './data-folder.js';
import { foundF1, labelBy } from './decisions.js';
import { compareRuntimes, MODES, modesOf, quantizeTo, recipeOf, score } from './quantized-runs.js';
import type { LabelledModel, QuantizedModel } from './real-model.js';
import { REAL_MODELS } from './real-models.js';
import {
  type LabelledResult,
  limitOf,
  originalOf,
  type UnlabelledResult,
  writeResults,
} from './results-table.js';
import { UNLABELLED_MODELS } from './unlabelled-models.js';

const LEAST_F1 = 0.95;
const folder = dataFolder() ?? '';

describe.skipIf(folder === '')('public models through INT8', () => {
  const labelled: LabelledResult[] = [];
  const unlabelled: UnlabelledResult[] = [];
  let work = '';
  beforeAll(async () => {
    work = await mkdtemp(join(tmpdir(), 'octavo-real-'));
  });
  afterAll(async () => {
    await rm(work, { recursive: true, force: true });
    const expected = REAL_MODELS.reduce((count, real) => count + modesOf(real).length, 0);
    const everyModel = expected === labelled.length;
    if (everyModel && MODES.length * UNLABELLED_MODELS.length === unlabelled.length)
      await writeResults(labelled, unlabelled);
  });

  describe.each(REAL_MODELS)('$name', (real) => {
    let samples: readonly Sample[] = [];
    let float: readonly Scored[] = [];
    let source: Model;
    let session: Session;

    beforeAll(async () => {
      const path = join(folder, real.file);
      source = await loadOnnx(path);
      session = await createOnnxRuntimeSession(path);
      const found = await real.test(folder, session);
      const byFloat = real.labels === 'float model' && real.decide;
      samples = byFloat ? await labelBy(session, found, byFloat) : found;
      float = await score(real, session, samples);
    });
    afterAll(() => session?.dispose());

    test('reproduces the float figure', () => {
      const { metric, count } = real;
      const { value } = evaluate(metric, float).overall;
      expect(Math.abs(value - real.float.value), `float ${metric.name} ${value}`).toBeLessThanOrEqual(
        real.float.within,
      );
      if (real.labels === 'float model') expect(count).toBeDefined();
      if (count) expect(count.of(decisionsOf(float)), count.name).toBe(count.value);
    });

    test.each(modesOf(real))('keeps its accuracy in %s form, and runtimes agree', async (mode) => {
      const output = join(work, 'labelled.onnx');
      const calibration = mode === 'dynamic' ? [] : await real.calibration(folder, session);
      await quantizeTo(output, source, recipeOf(real, mode), calibration);
      using quantized = await createOnnxRuntimeSession(output);
      const scored = await score(real, quantized, samples);
      const figure = evaluate(real.metric, scored, { original: float }).overall;
      const runtimes = await compareRuntimes(real, output, samples);
      const size = await sizeRatio(real, output);
      const judged = real.judge ? evaluate(real.judge, scored, { original: float }).overall : figure;
      const note = real.judge ? describeJudge(real.judge, judged) : describeDecisions(real, scored);
      labelled.push({ model: real, mode, figure, runtimes, size, note });
      expectAgreement(real, mode, runtimes);
      const limit = limitOf(real, mode);
      if (limit === undefined) return;
      expect(originalOf(judged).interval.low, 'lower end of the drop').toBeLessThanOrEqual(limit);
      if (real.labels === 'float model') expect(foundF1(scored), 'F1').toBeGreaterThanOrEqual(LEAST_F1);
    });
  });

  describe.each(UNLABELLED_MODELS)('$name', (real) => {
    test.each(MODES)('stays close to its float form in %s INT8, and runtimes agree', async (mode) => {
      const path = join(folder, real.file);
      using float = await createOnnxRuntimeSession(path);
      const output = join(work, 'unlabelled.onnx');
      const samples = await real.inputs(folder);
      const calibration = mode === 'static' ? await real.calibration(folder, float) : [];
      const report = await quantizeTo(output, await loadOnnx(path), recipeOf(real, mode), calibration);
      using quantized = await createOnnxRuntimeSession(output);
      const { sqnr } = await agreement(quantized, float, samples, real.decide);
      const runtimes = await compareRuntimes(real, output, samples);
      const size = await sizeRatio(real, output);
      const raised = report.decisions.filter(({ because }) => because.includes('scales raised')).length;
      const note = raised > 0 ? `weight scales raised in ${raised} layers` : '';
      unlabelled.push({ model: real, mode, sqnr, samples: samples.length, runtimes, size, note });
      expectAgreement(real, mode, runtimes);
      expect(sqnr, 'SQNR against float').toBeGreaterThanOrEqual(real.leastSqnr);
      if (mode === 'static' && real.raisesScales)
        expect(raised, 'layers with raised scales').toBeGreaterThan(0);
    });
  });
});

function describeJudge(judge: Summary, figure: Figure): string {
  const percent = (value: number): string => `${(100 * value).toFixed(2)}%`;
  const { value, drop, interval } = originalOf(figure);
  return `judged by ${judge.name}: ${percent(value)} to ${percent(figure.value)}, drop ${percent(drop)} (${percent(interval.low)} .. ${percent(interval.high)})`;
}

function expectAgreement(real: QuantizedModel, mode: string, runtimes: Agreement | string): void {
  if (typeof runtimes === 'string') {
    console.warn(`${real.name}, ${mode}: ${runtimes}`);
    return;
  }
  expect(runtimes.sameTop ?? 1, 'top-1 agreement').toBeGreaterThanOrEqual(0.97);
  expect(runtimes.sqnr, 'SQNR of ours against onnxruntime').toBeGreaterThanOrEqual(30);
}

function decisionsOf(scored: readonly Scored[]): { sample: string; prediction: number }[] {
  return scored.map(({ columns, prediction }) => ({ sample: String(columns['sample']), prediction }));
}

function describeDecisions(real: LabelledModel, scored: readonly Scored[]): string {
  if (!real.count) return '';
  const { name, value, of } = real.count;
  return `${of(decisionsOf(scored))} ${name} (float ${value}), F1 ${(100 * foundF1(scored)).toFixed(1)}%`;
}

async function sizeRatio(real: QuantizedModel, output: string): Promise<number> {
  return (await stat(output)).size / (await stat(join(folder, real.file))).size;
}
