import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import type { Model } from '@octavo/core/ir';
import { checkDivisible } from '@octavo/evaluation';
import { loadOnnx, saveOnnx } from '@octavo/formats/node';
import type { ModelFile } from '../../check/measure-suite.js';
import { type MeasuredModels, measureModels, type ReportData } from '../../report/measured.js';
import type { CommandContext } from '../context.js';
import { byColumn, checkScoring } from '../judging.js';
import { inputSpecs, openData } from '../open-data.js';
import { checkOutputDirectory } from '../output-path.js';
import { floatSessions } from '../search.js';
import type { QuantizeFlags } from './quantize-flags.js';

/**
 * Refuses a report that could not be written or measured, before any long work.
 * @throws OutputError, DatasetError, EvaluationError, and as sessions.
 */
export async function checkReport(
  source: Model,
  flags: QuantizeFlags,
  context: CommandContext,
): Promise<void> {
  const { report, validation, validationSamples, metric, segment, threads, samples: _, ...rest } = flags;
  if (report === undefined) return;
  await checkOutputDirectory(report);
  if (validation === undefined) return;
  const limited = validationSamples === undefined ? rest : { ...rest, samples: validationSamples };
  const dataset = await openData(validation, inputSpecs(source.graph), limited);
  for await (const sample of dataset.samples({ limit: 1 })) checkDivisible(sample, segment.filter(byColumn));
  if (metric !== undefined)
    await checkScoring({ dataset, metric, flags }, source, floatSessions(context, threads));
}

/**
 * Measures a model that is not written yet against its original, for a report: on the labelled data, else on the calibration
 * samples; null without either. It works from a temporary file, so that data that do not fit leave no model behind.
 */
export async function measureResult(
  model: Model,
  original: ModelFile,
  flags: QuantizeFlags,
  context: CommandContext,
): Promise<MeasuredModels | null> {
  const data = dataOf(flags);
  if (!data) return null;
  const { target: [backend = 'auto'] = [], threads } = flags;
  const folder = await mkdtemp(join(tmpdir(), 'octavo-'));
  try {
    const file = join(folder, basename(flags.output));
    await saveOnnx(model, file, { signal: context.signal });
    const job = {
      quantized: { file, model: await loadOnnx(file) },
      original,
      backend,
      ...(threads === undefined ? {} : { threads }),
    };
    return await measureModels(data, job, context);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function dataOf(flags: QuantizeFlags): ReportData | undefined {
  const { validation, validationSamples, calibration, samples, metric, segment } = flags;
  const { preprocess, seed, stratify, label, transform, outputName } = flags;
  const shared = { preprocess, seed, stratify, label, transform, outputName };
  if (validation !== undefined) {
    const segments = segment.map(({ spec }) => spec);
    return { ...shared, data: validation, samples: validationSamples, metric, segments };
  }
  return calibration === undefined ? undefined : { ...shared, data: calibration, samples, segments: [] };
}
