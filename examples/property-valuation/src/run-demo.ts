import { stat } from 'node:fs/promises';
import { arch, cpus, platform } from 'node:os';
import { join } from 'node:path';
import type { Model } from '@octavo/core/ir';
import type { Dataset } from '@octavo/datasets';
import { parseSegmentation, type Scored } from '@octavo/evaluation';
import type { NamedTensors } from '@octavo/runtime';
import {
  evaluate,
  loadOnnx,
  metricNamed,
  openSession,
  quantizeModel,
  recipes,
  saveOnnx,
  scoreSamples,
} from 'octavo';
import { committedFiles } from './committed-files.js';
import { openSales } from './open-sales.js';
import { priceBandNames } from './price-band.js';
import { regions } from './regions.js';
import { measureAgreement } from './report/agreement.js';
import type { DemoReport, Placement, Valuation } from './report/demo-report.js';
import { orderSegments } from './report/order-segments.js';
import { timeBackends } from './time-backends.js';

const metric = metricNamed('mape');

/** Segmentations of the validation, with their segments in the order of the report. */
const segmentOrder: Readonly<Record<string, readonly string[]>> = {
  price_band: priceBandNames,
  region: regions.map(({ name }) => name),
  season: ['winter', 'spring', 'summer', 'autumn'],
  segment: ['standard', 'luxury', 'distressed'],
};

export interface DemoOptions {
  /** Where `valuation.int8.onnx` goes; must exist. */
  readonly directory: string;
  /** How many sales to validate on; all of the committed ones when absent. */
  readonly samples?: number;
  /** Told, in one line each, what is being done and when a backend stands in for another. */
  readonly notice: (line: string) => void;
}

/** Quantizes the committed model to INT8 and finds out what that costs and brings. */
export async function runDemo({ directory, samples, notice }: DemoOptions): Promise<DemoReport> {
  const float = await loadOnnx(committedFiles.model);
  const calibration = await openSales(committedFiles.calibration);
  const validation = await openSales(committedFiles.validation, samples);
  notice(`Quantizing to INT8, calibrated on ${committedFiles.calibration}`);
  const { model: int8, report } = await quantizeModel(float, {
    recipe: recipes.staticInt8(),
    calibration: calibration.samples(),
    createSession: (model, { taps }) => openSession(model, { taps, backend: 'reference' }),
  });
  const int8Path = join(directory, 'valuation.int8.onnx');
  await saveOnnx(int8, int8Path, { inputs: [committedFiles.model] });
  notice(`Validating both models on ${committedFiles.validation}`);
  const original = await scoreSales(float, validation, notice);
  const quantized = await scoreSales(int8, validation, () => {});
  notice('Measuring latency on each backend');
  return {
    machine: machine(),
    calibrationSamples: report.samples,
    observer: report.recipe.observer,
    sizes: { float: (await stat(committedFiles.model)).size, int8: (await stat(int8Path)).size },
    evaluation: compareModels(original, quantized),
    agreement: measureAgreement(pairValuations(original, quantized)),
    latencies: await timeBackends({ float, int8 }, await firstFeeds(validation)),
    placements: await placementsOf(int8),
    stayedFloat: report.decisions.filter((decision) => !decision.quantized),
  };
}

async function scoreSales(
  model: Model,
  sales: Dataset,
  notice: (line: string) => void,
): Promise<readonly Scored[]> {
  using session = await openSession(model, { notice });
  return await scoreSamples(session, sales.samples(), { metric, transform: 'exp' });
}

function compareModels(original: readonly Scored[], quantized: readonly Scored[]): DemoReport['evaluation'] {
  const segmentations = Object.keys(segmentOrder).map((spec) => ({ ...parseSegmentation(spec), spec }));
  return orderSegments(evaluate(metric, quantized, { original, segmentations }), segmentOrder);
}

function pairValuations(original: readonly Scored[], quantized: readonly Scored[]): readonly Valuation[] {
  return original.map(({ label, prediction }, index) => ({
    price: label,
    float: prediction,
    int8: quantized[index]?.prediction ?? Number.NaN,
  }));
}

/** A few different homes, so that no backend is timed on one input alone. */
async function firstFeeds(sales: Dataset): Promise<readonly NamedTensors[]> {
  const feeds: NamedTensors[] = [];
  for await (const sample of sales.samples({ limit: 16 })) {
    feeds.push(sample.feeds);
  }
  return feeds;
}

async function placementsOf(model: Model): Promise<readonly Placement[]> {
  using session = await openSession(model);
  return session.explain().nodes.map(({ node, op, dtype, backend, kernel }) => ({
    node,
    op,
    dtype,
    backend,
    kernel,
  }));
}

function machine(): DemoReport['machine'] {
  return {
    cpu: cpus()[0]?.model.trim() ?? 'unknown CPU',
    platform: `${platform()} ${arch()}`,
    node: process.version,
  };
}
