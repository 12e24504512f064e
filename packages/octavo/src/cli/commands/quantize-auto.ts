import type { Model } from '@octavo/core/ir';
import { OctavoError } from '@octavo/core/tensor';
import { loadOnnx, saveOnnx, sourceFiles } from '@octavo/formats/node';
import {
  type Attempt,
  type AutoOptions,
  type AutoResult,
  DEFAULT_RUNGS,
  quantizeAutomatically,
  RECIPE_DEFAULTS,
  type Recipe,
  type TrialOptions,
} from '@octavo/quantizer';
import { type AutoRun, describeAuto } from '../../report/auto-report.js';
import { writeReport } from '../../report/write-report.js';
import { type CommandContext, checkpoint, interruptible, withProgress } from '../context.js';
import { checkSets } from '../coverage.js';
import { sizeOnDisk } from '../model-size.js';
import { openCalibration } from '../open-data.js';
import { checkOutputFile } from '../output-path.js';
import { floatSessions, openTrials } from '../search.js';
import { formatBytes, formatTable } from '../table.js';
import type { QuantizeFlags } from './quantize-flags.js';
import { checkReport, measureResult } from './quantize-measure.js';
import { limitOf } from './search-flags.js';

/** What `octavo quantize --mode auto --json` prints. */
export interface AutoDocument extends AutoRun {
  readonly reportFiles: readonly string[];
}

/**
 * Tries every method, writes the fastest model that passes and a report of all attempts. When nothing passes the report
 * is written all the same.
 * @throws OctavoError `AUTO_NOTHING_PASSED`.
 */
export async function quantizeAuto(
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
  const bytesBefore = await sizeOnDisk(file, source);
  const bytesAfter = choice ? await sizeOnDisk(output, await loadOnnx(output)) : null;
  const run: AutoRun = {
    ...describeRun(file, flags, result, bytesBefore, bytesAfter),
    warnings: [...result.warnings, ...checked.warnings],
    coverage: checked.coverage,
  };
  const reportFiles =
    reportDirectory === undefined
      ? []
      : await writeReport(reportDirectory, { ...run, measured }, describeAuto(run, measured), context.signal);
  if (!choice) throw nothingPassed(file, result, reportFiles);
  context.output.result({ ...run, reportFiles }, asText({ ...run, reportFiles }));
}

async function search(
  source: Model,
  trials: TrialOptions,
  flags: QuantizeFlags,
  { layers = [] }: Partial<Recipe>,
  context: CommandContext,
): Promise<AutoResult> {
  const { include, exclude, threads, calibration, reduceRange = RECIPE_DEFAULTS.reduceRange } = flags;
  const samples =
    calibration === undefined ? undefined : await openCalibration(calibration, source.graph, flags);
  return withProgress(
    context,
    'trying',
    DEFAULT_RUNGS.length,
    (progress) => {
      const options: AutoOptions = {
        ...trials,
        limit: limitOf(flags),
        recipe: { include, exclude, layers, reduceRange },
        createSession: floatSessions(context, threads),
        onRung: (_, index) => progress.update(index),
        onAttempt: (attempt) => context.output.notice(oneLine(attempt)),
        ...(samples ? { calibration: () => interruptible(samples.samples(), context.signal) } : {}),
      };
      return quantizeAutomatically(source, options);
    },
    'methods',
  );
}

function describeRun(
  input: string,
  { output, metric = '', validation = '', calibration }: QuantizeFlags,
  { limit, original, attempts, choice }: AutoResult,
  bytesBefore: number,
  bytesAfter: number | null,
): Omit<AutoRun, 'warnings' | 'coverage'> {
  return {
    input,
    output: choice ? output : null,
    metric,
    validation,
    calibration: calibration ?? null,
    minRetention: limit.minRetention,
    original: { value: original.value, bytes: bytesBefore },
    bytesAfter,
    chosen: choice ? attempts.findIndex(({ figures }) => figures === choice.attempt.figures) : null,
    attempts,
    quantization: choice?.report ?? null,
  };
}

function nothingPassed(
  file: string,
  { attempts, limit }: AutoResult,
  reports: readonly string[],
): OctavoError {
  const retention = ({ figures }: Attempt): number => figures?.retention || 0;
  const best = [...attempts].sort((a, b) => retention(b) - retention(a))[0];
  const doubt = best?.undecided === undefined ? '' : ` (not certain: ${best.undecided})`;
  const closest = best?.figures
    ? `; ${best.rung} (${best.label}) came closest and ${best.because}${doubt}`
    : '';
  const where = reports.length > 0 ? `; see ${reports.join(' and ')}` : '';
  return new OctavoError({
    code: 'AUTO_NOTHING_PASSED',
    where: file,
    message: `no method keeps ${(100 * limit.minRetention).toFixed(2)}% of the metric${closest}${where}.`,
    remedy:
      'Give more calibration samples, a lower --min-retention, or see which layers lose most with octavo sensitivity.',
  });
}

function oneLine(attempt: Attempt): string {
  const { rung, label, outcome, because } = attempt;
  const { retention, speed } = cells(attempt);
  const figures = retention ? `: retention ${retention}, ${speed} of the original's time` : '';
  return `${rung}${label ? ` (${label})` : ''} ${outcome}${figures}${because ? `: ${because}` : ''}`;
}

function asText(run: AutoDocument): string {
  const { attempts, chosen, bytesAfter } = run;
  const rows = attempts.map((attempt, index) => {
    const { retention, drop, speed, bytes } = cells(attempt);
    const mark = index === chosen ? '*' : '';
    return [
      mark,
      attempt.rung,
      attempt.label,
      attempt.outcome,
      retention,
      drop,
      speed,
      bytes,
      [attempt.because, attempt.undecided].filter((text) => text !== undefined).join('; '),
    ];
  });
  const header = [
    '',
    'method',
    'with',
    'outcome',
    'retention',
    '95% interval of the drop',
    'time',
    'size',
    'because',
  ];
  const before = formatBytes(run.original.bytes);
  return [
    formatTable(header, rows),
    '',
    `${run.output}: ${before} -> ${formatBytes(bytesAfter ?? 0)}; time is relative to the original, in turns on the target`,
    ...run.warnings.map((warning) => `warning: ${warning}`),
    ...run.reportFiles.map((path) => `report: ${path}`),
  ].join('\n');
}

function cells({ figures }: Attempt): { retention: string; drop: string; speed: string; bytes: string } {
  if (!figures) return { retention: '', drop: '', speed: '', bytes: '' };
  const percent = (value: number): string => `${(100 * value).toFixed(2)}%`;
  const interval = figures.quality.original?.interval;
  return {
    retention: percent(figures.retention),
    drop: interval ? `${percent(interval.low)} .. ${percent(interval.high)}` : '',
    speed: figures.latency.map(({ ratio }) => `${ratio.toFixed(2)}x`).join(', '),
    bytes: formatBytes(figures.bytes),
  };
}
