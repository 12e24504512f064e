import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Model } from '@octavo/core/ir';
import { OctavoError } from '@octavo/core/tensor';
import type { Sample } from '@octavo/datasets';
import { evaluate, type Figure, type Scored, scoreSamples } from '@octavo/evaluation';
import { loadOnnx, saveOnnx } from '@octavo/formats/node';
import { quantizeModel, type Recipe } from '@octavo/quantizer';
import { createOnnxRuntimeSession } from '@octavo/runtime/onnxruntime';
import { openSession } from 'octavo';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Agreement, agreement } from './agreement.js';
import { dataFolder } from './data-folder.js';
import type { RealModel } from './real-model.js';
import { REAL_MODELS } from './real-models.js';
import { type ResultRow, writeResults } from './results-table.js';

const OWN_SAMPLES = 16;
const folder = dataFolder();

describe.skipIf(folder === undefined)('public models through INT8', () => {
  const rows: ResultRow[] = [];
  let work = '';
  beforeAll(async () => {
    work = await mkdtemp(join(tmpdir(), 'octavo-real-'));
  });
  afterAll(async () => {
    await rm(work, { recursive: true, force: true });
    await writeResults(rows);
  });

  describe.each(REAL_MODELS)('$name', (real) => {
    let samples: readonly Sample[] = [];
    let float: readonly Scored[] = [];
    let source: Model;

    beforeAll(async () => {
      samples = await real.test(folder ?? '');
      const path = join(folder ?? '', real.file);
      source = await loadOnnx(path);
      float = await score(real, path, samples);
    });

    test('reproduces the float figure', () => {
      const { value } = evaluate(real.metric, float).overall;
      expect(Math.abs(value - real.float.value), `float ${real.metric.name} ${value}`).toBeLessThanOrEqual(
        real.float.within,
      );
    });

    test.each(['static', 'dynamic'] as const)(
      'keeps its accuracy in %s INT8, and runtimes agree',
      async (mode) => {
        const recipe = real[mode];
        if (!recipe) return;
        const output = join(work, `${real.name.replace(/\W/g, '_')}.${mode}.onnx`);
        const start = performance.now();
        const note = await quantizeTo(real, source, { ...recipe, mode }, output);
        const seconds = (performance.now() - start) / 1000;
        if (note) {
          rows.push({ model: real.name, mode, observer: '', note });
          console.warn(`${real.name}, ${mode}: ${note}`);
          return;
        }
        const figure = evaluate(real.metric, await score(real, output, samples), { original: float }).overall;
        const runtimes = await compareRuntimes(output, samples);
        const sizes = {
          before: (await stat(join(folder ?? '', real.file))).size,
          after: (await stat(output)).size,
        };
        rows.push(rowOf(real, mode, recipe, figure, runtimes, sizes, seconds));
        if (typeof runtimes === 'string') console.warn(`${real.name}, ${mode}: ${runtimes}`);
        else {
          expect(runtimes.sameTop, 'top-1 agreement').toBeGreaterThanOrEqual(0.97);
          expect(runtimes.sqnr, 'SQNR of ours against onnxruntime').toBeGreaterThanOrEqual(30);
        }
        if (mode === 'static')
          expect(figure.original?.interval.low, 'lower end of the drop').toBeLessThanOrEqual(
            real.largestDrop,
          );
      },
    );
  });
});

async function score(real: RealModel, path: string, samples: readonly Sample[]): Promise<Scored[]> {
  using session = await createOnnxRuntimeSession(path);
  return await scoreSamples(session, samples, { metric: real.metric, transform: real.transform ?? 'none' });
}

/** Writes the quantized model; where it cannot be quantized in this mode, says why. */
async function quantizeTo(
  real: RealModel,
  source: Model,
  recipe: Partial<Recipe>,
  output: string,
): Promise<string | undefined> {
  try {
    const calibration = recipe.mode === 'static' ? await real.calibration(folder ?? '') : [];
    const { model } = await quantizeModel(source, {
      recipe,
      calibration,
      createSession: (float, { taps }) =>
        createOnnxRuntimeSession(float, { taps, optimization: 'basic' }),
    });
    await saveOnnx(model, output);
    return undefined;
  } catch (error) {
    if (error instanceof OctavoError && error.code === 'NOTHING_TO_QUANTIZE') return error.message;
    throw error;
  }
}

/** Ours against onnxruntime on the same quantized file; the missing op where ours cannot run it. */
async function compareRuntimes(path: string, samples: readonly Sample[]): Promise<Agreement | string> {
  using theirs = await createOnnxRuntimeSession(path);
  try {
    using ours = await openSession(await loadOnnx(path), { backend: 'cpu' });
    return await agreement(ours, theirs, samples.slice(0, OWN_SAMPLES));
  } catch (error) {
    if (error instanceof OctavoError && error.code === 'OP_UNSUPPORTED') return error.fault;
    throw error;
  }
}

function rowOf(
  real: RealModel,
  mode: string,
  recipe: Partial<Recipe>,
  figure: Figure,
  runtimes: Agreement | string,
  sizes: { before: number; after: number },
  seconds: number,
): ResultRow {
  return {
    model: real.name,
    mode,
    observer: mode === 'static' ? (recipe.observer ?? 'minmax') : '',
    metric: real.metric,
    figure,
    runtimes,
    sizes,
    seconds,
    note: '',
  };
}
