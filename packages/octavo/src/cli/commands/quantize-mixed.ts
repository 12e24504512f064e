import type { Model } from '@octavo/core/ir';
import { OctavoError } from '@octavo/core/tensor';
import { loadOnnx, saveOnnx, sourceFiles } from '@octavo/formats/node';
import {
  type Budget,
  exceeds,
  type MixedPoint,
  type MixedPrecisionResult,
  RECIPE_DEFAULTS,
  type Recipe,
  searchMixedPrecision,
  type TrialOptions,
} from '@octavo/quantizer';
import {
  describeBudget,
  describeLayers,
  describeMixed,
  FRONT_HEADER,
  frontCells,
  type MeasuredPoint,
  type MixedRun,
} from '../../report/mixed-report.js';
import { writeReport } from '../../report/write-report.js';
import { type CommandContext, checkpoint, interruptible, withProgress } from '../context.js';
import { checkSets } from '../coverage.js';
import { sizeOnDisk } from '../model-size.js';
import { openCalibration } from '../open-data.js';
import { checkOutputFile } from '../output-path.js';
import { floatSessions, openTrials } from '../search.js';
import { formatBytes, formatTable } from '../table.js';
import { UsageError } from '../usage-error.js';
import type { QuantizeFlags } from './quantize-flags.js';
import { checkReport, measureResult } from './quantize-measure.js';
import { DEFAULT_RETENTION } from './search-flags.js';

/** What `octavo quantize --mode mixed --json` prints. */
export interface MixedDocument extends MixedRun {
  readonly reportFiles: readonly string[];
}

/**
 * Gives each layer a precision of its own, prints the measured Pareto front and writes its best model within the budget. When
 * nothing meets the budget the report is written all the same.
 * @throws OctavoError `MIXED_OVER_BUDGET`.
 */
export async function quantizeMixed(
  file: string,
  flags: QuantizeFlags,
  recipe: Partial<Recipe>,
  context: CommandContext,
): Promise<void> {
  const { output, report: reportDirectory } = flags;
  const source = await loadOnnx(file);
  const inputs = [file, ...sourceFiles(source)];
  await checkOutputFile(output, inputs);
  await checkReport(source, flags, context);
  const trials = await openTrials(source, flags, context);
  const checked = await checkSets(source, flags, recipe, context);
  const result = await search(source, trials, flags, recipe, context);
  const { choice } = result;
  await checkpoint(context.signal);
  const measured =
    choice && reportDirectory !== undefined
      ? await measureResult(choice.model, { file, model: source }, flags, context)
      : null;
  if (choice) await saveOnnx(choice.model, output, { inputs, signal: context.signal });
  const run: MixedRun = {
    ...describeRun(file, flags, result),
    original: { value: result.original.value, bytes: await sizeOnDisk(file, source) },
    bytesAfter: choice ? await sizeOnDisk(output, await loadOnnx(output)) : null,
    warnings: [...result.warnings, ...checked.warnings],
    coverage: checked.coverage,
  };
  const reportFiles =
    reportDirectory === undefined
      ? []
      : await writeReport(
          reportDirectory,
          { ...run, measured },
          describeMixed(run, measured),
          context.signal,
        );
  if (!choice) throw overBudget(run, reportFiles);
  const document: MixedDocument = { ...run, reportFiles };
  context.output.result(document, asText(document));
}

async function search(
  source: Model,
  trials: TrialOptions,
  flags: QuantizeFlags,
  { layers = [] }: Partial<Recipe>,
  context: CommandContext,
): Promise<MixedPrecisionResult> {
  const { calibration, include, exclude, threads, points, precisions, budget } = flags;
  const { reduceRange = RECIPE_DEFAULTS.reduceRange } = flags;
  if (calibration === undefined) throw new UsageError('--mode mixed needs --calibration PATH.');
  const samples = await openCalibration(calibration, source.graph, flags);
  return withProgress(
    context,
    'measuring',
    Math.max(points, precisions.filter((name) => name !== 'float').length),
    (progress) =>
      searchMixedPrecision(source, {
        ...trials,
        points,
        precisions,
        budget: budget ?? { minRetention: DEFAULT_RETENTION },
        recipe: { include, exclude, layers, reduceRange },
        calibration: () => interruptible(samples.samples(), context.signal),
        createSession: floatSessions(context, threads),
        onPoint: (point, index) => {
          progress.update(index);
          context.output.notice(oneLine(point));
        },
      }),
    'models',
  );
}

function describeRun(
  input: string,
  { output, metric = '', validation = '', calibration = '' }: QuantizeFlags,
  { budget, front, measured, choice }: MixedPrecisionResult,
): Omit<MixedRun, 'original' | 'bytesAfter' | 'warnings' | 'coverage'> {
  const sorted = [...measured].sort((a, b) => a.figures.bytes - b.figures.bytes);
  return {
    input,
    output: choice ? output : null,
    metric,
    validation,
    calibration,
    budget,
    points: sorted.map((point) => measuredPoint(point, front.includes(point), budget)),
    chosen: choice ? sorted.indexOf(choice) : null,
    quantization: choice?.report ?? null,
  };
}

function measuredPoint(
  { layers, predicted, figures, recipe }: MixedPoint,
  onFront: boolean,
  budget: Budget,
): MeasuredPoint {
  return { layers, predicted, figures, recipe, onFront, exceeds: exceeds(figures, budget) ?? null };
}

function overBudget({ input, budget, points }: MixedRun, reports: readonly string[]): OctavoError {
  const isTimed = budget.milliseconds !== undefined || budget.latencyRatio !== undefined;
  const ratio = ({ figures }: MeasuredPoint): number => figures.latency[0]?.ratio ?? Number.POSITIVE_INFINITY;
  const [nearest] = isTimed ? [...points].sort((a, b) => ratio(a) - ratio(b)) : points;
  const example = nearest?.exceeds
    ? `; of the ${isTimed ? 'fastest' : 'smallest'} (${describeLayers(nearest)}): ${nearest.exceeds}`
    : '';
  const where = reports.length > 0 ? `; see ${reports.join(' and ')}` : '';
  return new OctavoError({
    code: 'MIXED_OVER_BUDGET',
    where: input,
    message: `none of ${points.length} models meets the budget (${describeBudget(budget)})${example}${where}.`,
    remedy: 'Widen the budget, add smaller --precisions such as w2a8, or raise --points.',
  });
}

function oneLine(point: MixedPoint): string {
  const { figures } = point;
  const time = figures.latency.map(({ ratio }) => `${ratio.toFixed(2)}x`).join(', ');
  return `${describeLayers(point)}: ${formatBytes(figures.bytes)}, retention ${(100 * figures.retention).toFixed(2)}%, ${time} of the original's time`;
}

function asText(run: MixedDocument): string {
  const { points, chosen, bytesAfter, budget, original } = run;
  const rows = points.map((point, index) => [
    index === chosen ? '*' : point.onFront ? 'front' : '',
    ...frontCells(point),
  ]);
  return [
    formatTable(['', ...FRONT_HEADER], rows),
    '',
    `${run.output}: ${formatBytes(original.bytes)} -> ${formatBytes(bytesAfter ?? 0)}, within ${describeBudget(budget)}; times are measured on this machine, in turns with the original`,
    ...run.warnings.map((warning) => `warning: ${warning}`),
    ...run.reportFiles.map((path) => `report: ${path}`),
  ].join('\n');
}
