import { figureText, percent } from '@octavo/evaluation';
import { loadOnnx } from '@octavo/formats/node';
import { Command } from 'commander';
import { costRows } from '../../report/chapters/performance.js';
import { measureModels } from '../../report/measured.js';
import { describeModels, type ModelsReport } from '../../report/models-report.js';
import { writeReport } from '../../report/write-report.js';
import type { BackendName } from '../../sessions.js';
import { dataOptions, sessionOptions } from '../arguments.js';
import type { CommandContext } from '../context.js';
import { type JudgeFlags, judgeOptions, type NamedSegmentation, segmentOption } from '../judging.js';
import { checkOutputDirectory } from '../output-path.js';
import { formatTable } from '../table.js';

interface ReportFlags extends JudgeFlags {
  readonly data: string;
  readonly output: string;
  readonly segment: readonly NamedSegmentation[];
  readonly memory: boolean;
  readonly backend: BackendName;
  readonly threads?: number;
}

/** What `octavo report --json` prints. */
export interface ReportResult extends ModelsReport {
  readonly reportFiles: readonly string[];
}

const EXAMPLES = `
Examples:
  octavo report model.onnx model.int8.onnx --data test.csv --label price --metric mape --segment region --segment label:quantile4 -o report
  octavo report model.onnx model.int8.onnx --data images/ --preprocess preprocess.json --samples 200 -o report`;

export function reportCommand(context: CommandContext): Command {
  const command = new Command('report')
    .description(
      'Write a report of a quantized model against its original: accuracy, cost, layers, ranges, edge cases.',
    )
    .argument('<original>', 'ONNX file')
    .argument('<quantized>', 'ONNX file made from it')
    .requiredOption('--data <path>', 'samples to measure on; labelled for accuracy')
    .requiredOption('-o, --output <dir>', 'where to write report.html and report.json')
    .option('--no-memory', 'leave peak memory unmeasured')
    .addHelpText('after', EXAMPLES)
    .action(async (original: string, quantized: string, flags: ReportFlags) => {
      const result = await reportFiles(original, quantized, flags, context);
      context.output.result(result, describe(result));
    });
  for (const option of [...judgeOptions(), segmentOption(), ...dataOptions(), ...sessionOptions()])
    command.addOption(option);
  return command;
}

async function reportFiles(
  original: string,
  quantized: string,
  flags: ReportFlags,
  context: CommandContext,
): Promise<ReportResult> {
  const { segment, memory, backend, threads, output } = flags;
  const job = {
    original: { file: original, model: await loadOnnx(original) },
    quantized: { file: quantized, model: await loadOnnx(quantized) },
    backend,
    skipMemory: !memory,
    ...(threads === undefined ? {} : { threads }),
  };
  await checkOutputDirectory(output);
  const data = { ...flags, segments: segment.map(({ spec }) => spec) };
  const report: ModelsReport = { original, quantized, measured: await measureModels(data, job, context) };
  const reportFiles = await writeReport(output, report, describeModels(report), context.signal);
  return { ...report, reportFiles };
}

function describe({ measured, reportFiles: files }: ReportResult): string {
  const { evaluations, fidelity, performance } = measured;
  const accuracy = [...evaluations, ...fidelity].map(({ metric, unit, overall: { value, original } }) => [
    metric,
    original ? figureText(original.value, unit) : '',
    figureText(value, unit),
    original ? percent(original.retention) : '',
  ]);
  const rows = [...accuracy, ...costRows(performance)];
  return [
    formatTable(['', 'original', 'quantized', 'retention or ratio'], rows),
    '',
    ...files.map((file) => `report: ${file}`),
  ].join('\n');
}
