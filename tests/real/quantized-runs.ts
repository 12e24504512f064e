import { rm } from 'node:fs/promises';
import type { Model } from '@octavo/core/ir';
import { OctavoError } from '@octavo/core/tensor';
import type { Sample } from '@octavo/datasets';
import { type Scored, scoreSamples } from '@octavo/evaluation';
import { loadOnnx, saveOnnx } from '@octavo/formats/node';
import { type QuantizationReport, quantizeModel, type Recipe } from '@octavo/quantizer';
import type { Session } from '@octavo/runtime';
import { createOnnxRuntimeSession } from '@octavo/runtime/onnxruntime';
import { openSession } from 'octavo';
import { type Agreement, agreement } from './agreement.js';
import { scoreDecisions } from './decisions.js';
import type { LabelledModel, QuantizedModel } from './real-model.js';
import { spread } from './spread.js';

export const MODES = ['static', 'dynamic'] as const;

export type RunMode = (typeof MODES)[number] | 'weight-only';

/** The modes that suit a model. */
export function modesOf(real: QuantizedModel): readonly RunMode[] {
  return real.weightOnly ? [...MODES, 'weight-only'] : MODES;
}

export function recipeOf(real: QuantizedModel, mode: RunMode): Partial<Recipe> {
  if (mode === 'weight-only') return { weights: 'int4', blockSize: 32, ...real.weightOnly, mode };
  return { ...real[mode], mode };
}

/** Samples that our own sessions run: at most 16, and few of large images. */
const OWN = { samples: 16, bytes: 2 ** 21 };

/** Scores every labelled sample. */
export function score(real: LabelledModel, session: Session, samples: readonly Sample[]): Promise<Scored[]> {
  const { metric, transform = 'none', decide } = real;
  return decide && real.labels === 'float model'
    ? scoreDecisions(session, samples, metric, decide)
    : scoreSamples(session, samples, { metric, transform });
}

/** Quantizes a model and writes it to a file. */
export async function quantizeTo(
  output: string,
  source: Model,
  recipe: Partial<Recipe>,
  calibration: readonly Sample[],
): Promise<QuantizationReport> {
  await rm(output, { force: true });
  const { model, report } = await quantizeModel(source, {
    recipe,
    calibration,
    createSession: (float, { taps }) => createOnnxRuntimeSession(float, { taps, optimization: 'basic' }),
  });
  await saveOnnx(model, output);
  return report;
}

/**
 * Ours against onnxruntime on the same quantized file, on the first samples; a sentence naming the op where the model is
 * known to need one that we lack. Throws when ours cannot run a model that should run.
 */
export async function compareRuntimes(
  real: QuantizedModel,
  path: string,
  samples: readonly Sample[],
): Promise<Agreement | string> {
  try {
    using ours = await openSession(await loadOnnx(path), { backend: 'cpu' });
    if (real.lacks !== undefined) throw new Error(`${real.name} runs: it lacks ${real.lacks} no longer`);
    using theirs = await createOnnxRuntimeSession(path);
    return await agreement(ours, theirs, spread(samples.slice(0, OWN.samples), OWN), real.decide);
  } catch (error) {
    if (!(error instanceof OctavoError && error.code === 'OP_UNSUPPORTED')) throw error;
    if (real.lacks === undefined || !error.fault.includes(real.lacks)) throw error;
    return `op lacking: ${real.lacks}`;
  }
}
