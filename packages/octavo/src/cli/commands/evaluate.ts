import type { Model } from '@octavo/core/ir';
import {
  evaluate,
  type FidelityMetric,
  type Figure,
  fidelityMetrics,
  figureText,
  intervalText,
  metricNamed,
  type OutputTransform,
  outputTransforms,
  type PerformanceComparison,
  percent,
  type Scored,
  scoreSamples,
  worstSamples,
} from '@octavo/evaluation';
import { loadOnnx } from '@octavo/formats/node';
import { Command, type Option } from 'commander';
import { evaluateSideBySide, type SideBySide } from '../../check/evaluate-side-by-side.js';
import { quantizingInputs, withFloatPorts } from '../../float-ports.js';
import { type BackendName, openFastSession } from '../../sessions.js';
import { choice, dataOptions, sessionOptions } from '../arguments.js';
import { type CommandContext, interruptible, withProgress } from '../context.js';
import { byColumn, comparisonMetricOption, type NamedSegmentation, segmentOption } from '../judging.js';
import { type DataFlags, openData } from '../open-data.js';
import { QuantizedReals } from '../quantized-reals.js';
import { formatTable } from '../table.js';
import { UsageError } from '../usage-error.js';
import { describeSideBySide } from './describe-side-by-side.js';

interface EvaluateFlags extends DataFlags {
  readonly against?: string;
  readonly data: string;
  readonly metric: string;
  readonly outputName?: string;
  readonly transform: OutputTransform;
  readonly segment: readonly NamedSegmentation[];
  readonly backend: BackendName;
  readonly threads?: number;
  readonly memory: boolean;
}

/** What `octavo evaluate --json` prints. */
export interface EvaluateResult extends Omit<SideBySide, 'performance'> {
  readonly model: string;
  readonly against: string | null;
  readonly data: string;
  /** Without an original there is nothing to compare with. */
  readonly performance: PerformanceComparison | null;
}

const EXAMPLES = `
Examples:
  octavo evaluate model.int8.onnx --against model.onnx --data test.csv --label price --metric mape --segment region --segment label:quantile4
  octavo evaluate model.int8.onnx --against model.onnx --data inputs/ --metric sqnr
  octavo evaluate model.onnx --data images/ --preprocess preprocess.json --metric top1 --label class`;

export function evaluateCommand(context: CommandContext): Command {
  const command = new Command('evaluate')
    .description('Measure accuracy, overall and by segment, alone or against the original model.')
    .argument('<model>', 'ONNX file')
    .requiredOption('--data <path>', 'labelled data; inputs alone for sqnr, cosine and kl')
    .option(
      '--against <file>',
      'the original model: retention and drop on the same samples, cost side by side, edge cases',
    )
    .option('--label <name>', 'array or column that holds the labels')
    .option('--output-name <name>', "the model's output to score (default: the first)")
    .option('--no-memory', 'with --against: leave peak memory unmeasured')
    .addOption(segmentOption())
    .addHelpText('after', EXAMPLES)
    .action(async (file: string, flags: EvaluateFlags) => {
      const result = await evaluateFile(file, flags, context);
      context.output.result(result, describe(result));
    });
  for (const option of [...scoreOptions(), ...dataOptions(), ...sessionOptions()]) command.addOption(option);
  return command;
}

function scoreOptions(): Option[] {
  return [
    comparisonMetricOption().makeOptionMandatory(),
    choice('--transform <name>', 'applied to the output before scoring', outputTransforms, 'none'),
  ];
}

async function evaluateFile(
  file: string,
  flags: EvaluateFlags,
  context: CommandContext,
): Promise<EvaluateResult> {
  const { against, data, segment: segmentations } = flags;
  const model = await loadOnnx(file);
  const closeness = closenessOf(flags);
  if (against !== undefined) {
    const metric = closeness ?? metricNamed(flags.metric);
    const original = { file: against, model: await loadOnnx(against) };
    const compared = await evaluateSideBySide({ file, model }, original, { ...flags, metric }, context);
    return { model: file, against, data, ...compared };
  }
  const metric = metricNamed(flags.metric);
  const scored = await scoreModel(file, model, flags, context);
  return {
    model: file,
    against: null,
    data,
    ...evaluate(metric, scored, { segmentations }),
    fidelity: [],
    worst: worstSamples(metric, scored),
    performance: null,
    edgeCases: [],
    outOfRange: [],
  };
}

/** The metric against the original's outputs that flags name, if any. Throws UsageError where they do not fit it. */
function closenessOf({ metric, against, transform }: EvaluateFlags): FidelityMetric | undefined {
  const closeness = fidelityMetrics.find(({ name }) => name === metric);
  if (closeness && against === undefined)
    throw new UsageError(
      `--metric ${metric} needs --against FILE.`,
      'Name the model whose outputs to compare with.',
    );
  if (closeness && transform !== 'none')
    throw new UsageError(
      `--transform has no meaning with --metric ${metric}, which compares outputs as they are.`,
      'Leave it out.',
    );
  return closeness;
}

async function scoreModel(
  file: string,
  model: Model,
  flags: EvaluateFlags,
  context: CommandContext,
): Promise<Scored[]> {
  const { backend, threads, outputName, transform, segment } = flags;
  // Closed here too for what throws before there are float ports; closing twice does no harm.
  using own = await openFastSession(model, {
    backend,
    notice: (line) => context.output.notice(line),
    ...(threads === undefined ? {} : { threads }),
  });
  using session = await withFloatPorts(own, model);
  const reals = new QuantizedReals();
  const inputs = await quantizingInputs(own, model, (...seen) => reals.see(...seen));
  const dataset = await openData(flags.data, inputs, flags);
  const scored = await withProgress(context, `scoring ${file}`, dataset.size, (progress) =>
    scoreSamples(session, interruptible(dataset.samples(), context.signal), {
      metric: metricNamed(flags.metric),
      transform,
      segmentations: segment.filter(byColumn),
      signal: context.signal,
      onSample: (seen) => progress.update(seen),
      ...(outputName === undefined ? {} : { outputName }),
    }),
  );
  for (const line of reals.lines()) context.output.notice(line);
  return scored;
}

function describe(result: EvaluateResult): string {
  const header = [
    'segment',
    'samples',
    result.metric,
    '95% interval',
    ...(result.overall.original ? ['original', 'retention', 'drop', '95% interval'] : []),
  ];
  const rows = [row('all', result.overall, result)];
  for (const { by, segments } of result.segments) {
    for (const segment of segments) rows.push(row(`${by}: ${segment.name}`, segment, result));
  }
  return [formatTable(header, rows), ...nanLines(result), ...describeSideBySide(result)].join('\n');
}

/** Says how many outputs held NaN, where any did. */
function nanLines({ model, against, overall }: EvaluateResult): string[] {
  const line = (nanOutputs: number | undefined, file: string): string[] =>
    nanOutputs === undefined
      ? []
      : [
          `${nanOutputs} of ${overall.count} outputs of ${file} held NaN: they count as misses or infinite errors.`,
        ];
  return [...line(overall.nanOutputs, model), ...line(overall.original?.nanOutputs, against ?? '')];
}

function row(name: string, figure: Figure, result: EvaluateResult): string[] {
  const show = (value: number): string => figureText(value, result.unit);
  const cells = [name, String(figure.count), show(figure.value), intervalText(figure.interval, show)];
  const { original } = figure;
  if (!original) return cells;
  const showDrop = result.higherIsBetter ? show : percent;
  return [
    ...cells,
    show(original.value),
    percent(original.retention),
    showDrop(original.drop),
    intervalText(original.interval, showDrop),
  ];
}
