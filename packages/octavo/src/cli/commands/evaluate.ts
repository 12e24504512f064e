import {
  type Evaluation,
  evaluate,
  type Figure,
  metricNamed,
  metrics,
  type OutputTransform,
  parseSegmentation,
  type Scored,
  scoreSamples,
} from '@octavo/evaluation';
import { loadOnnx } from '@octavo/formats/node';
import { Command } from 'commander';
import { BACKEND_NAMES, type BackendName, openFastSession } from '../../sessions.js';
import { choice, collect, dataOptions, wholeNumber } from '../arguments.js';
import { type CommandContext, interruptible, withProgress } from '../context.js';
import { type DataFlags, openData } from '../open-data.js';
import { formatTable } from '../table.js';

interface EvaluateFlags extends DataFlags {
  readonly json?: boolean;
  readonly against?: string;
  readonly data: string;
  readonly metric: string;
  readonly outputName?: string;
  readonly transform: OutputTransform;
  readonly segment: readonly string[];
  readonly backend: BackendName;
  readonly threads?: number;
}

/** What `octavo evaluate --json` prints. */
export interface EvaluateResult extends Evaluation {
  readonly model: string;
  readonly against: string | null;
  readonly data: string;
}

const EXAMPLES = `
Examples:
  octavo evaluate model.int8.onnx --against model.onnx --data test.csv --label price --metric mape --segment region --segment label:quantile4
  octavo evaluate model.onnx --data images/ --preprocess preprocess.json --metric top1 --label labels.tsv`;

export function evaluateCommand(context: (json: boolean) => CommandContext): Command {
  const command = new Command('evaluate')
    .description('Measure accuracy, overall and by segment, alone or against the original model.')
    .argument('<model>', 'ONNX file')
    .requiredOption('--data <path>', 'labelled data')
    .requiredOption('--metric <name>', metrics.map((metric) => metric.name).join(', '))
    .option('--against <file>', 'the original model: reports retention and drop on the same samples')
    .option('--label <name>', 'array or column that holds the labels')
    .option('--output-name <name>', "the model's output to score (default: the first)")
    .addOption(
      choice('--transform <name>', 'applied to the output before scoring', ['none', 'exp', 'log'], 'none'),
    )
    .option(
      '--segment <spec>',
      'column, column:month, column:year, column:quantile4 or column:100,200 (repeatable)',
      collect,
      [],
    )
    .addOption(
      choice(
        '--backend <name>',
        'what runs the models (auto: onnxruntime when installed)',
        BACKEND_NAMES,
        'auto',
      ),
    )
    .option('--threads <n>', 'threads for onnxruntime', wholeNumber(1))
    .addHelpText('after', EXAMPLES)
    .action(async (file: string, flags: EvaluateFlags) =>
      runEvaluate(file, flags, context(flags.json ?? false)),
    );
  for (const option of dataOptions()) command.addOption(option);
  return command;
}

async function runEvaluate(file: string, flags: EvaluateFlags, context: CommandContext): Promise<void> {
  const metric = metricNamed(flags.metric);
  const segmentations = flags.segment.map((spec) => ({ ...parseSegmentation(spec), spec }));
  const scored = await scoreFile(file, flags, context);
  const original = flags.against ? await scoreFile(flags.against, flags, context) : undefined;
  const evaluation = evaluate(metric, scored, { original, segmentations });
  const result: EvaluateResult = {
    model: file,
    against: flags.against ?? null,
    data: flags.data,
    ...evaluation,
  };
  context.output.result(result, describe(result));
}

async function scoreFile(file: string, flags: EvaluateFlags, context: CommandContext): Promise<Scored[]> {
  const { backend, threads } = flags;
  using session = await openFastSession(await loadOnnx(file), {
    backend,
    notice: (line) => context.output.notice(line),
    ...(threads ? { threads } : {}),
  });
  const dataset = await openData(flags.data, session.inputs, flags);
  return await withProgress(context, `scoring ${file}`, dataset.size, (progress) =>
    scoreSamples(session, interruptible(dataset.samples(), context.signal), {
      metric: metricNamed(flags.metric),
      transform: flags.transform,
      onSample: (seen) => progress.update(seen),
      ...(flags.outputName ? { outputName: flags.outputName } : {}),
    }),
  );
}

function describe(result: EvaluateResult): string {
  const header = [
    'segment',
    'samples',
    result.metric,
    '95% interval',
    ...(result.against ? ['original', 'retention', 'drop', '95% interval'] : []),
  ];
  const rows = [row('all', result.overall, result)];
  for (const { by, segments } of result.segments) {
    for (const segment of segments) rows.push(row(`${by}: ${segment.name}`, segment, result));
  }
  return formatTable(header, rows);
}

function row(name: string, figure: Figure, result: EvaluateResult): string[] {
  const show = (value: number): string =>
    result.unit === '%' ? `${(100 * value).toFixed(2)}%` : value.toPrecision(5);
  const cells = [
    name,
    String(figure.count),
    show(figure.value),
    `${show(figure.interval.low)} .. ${show(figure.interval.high)}`,
  ];
  const { original } = figure;
  if (!original) return cells;
  const relative = !result.higherIsBetter;
  const drop = (value: number): string => (relative ? `${(100 * value).toFixed(2)}%` : show(value));
  return [
    ...cells,
    show(original.value),
    `${(100 * original.retention).toFixed(2)}%`,
    drop(original.drop),
    `${drop(original.interval.low)} .. ${drop(original.interval.high)}`,
  ];
}
