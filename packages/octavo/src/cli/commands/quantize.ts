import { stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { Model } from '@octavo/core/ir';
import { type ObserverName, observers } from '@octavo/core/quant';
import { loadOnnx, saveOnnx } from '@octavo/formats/node';
import {
  type ActivationDType,
  type CalibrationSample,
  type IoType,
  MODES,
  type Mode,
  type QuantizationReport,
  quantizeModel,
  RECIPE_DEFAULTS,
  type Recipe,
  type WeightDType,
  type WeightOnlyFormat,
} from '@octavo/quantizer';
import { Command, Option } from 'commander';
import { writeQuantizationReport } from '../../report/quantization-report.js';
import { openFastSession } from '../../sessions.js';
import { choice, collect, dataOptions, wholeNumber } from '../arguments.js';
import { type CommandContext, interruptible } from '../context.js';
import { type DataFlags, openData } from '../open-data.js';
import { startProgress } from '../progress.js';
import { formatBytes, formatTable } from '../table.js';
import { UsageError } from '../usage-error.js';

interface QuantizeFlags extends DataFlags {
  readonly json?: boolean;
  readonly output: string;
  readonly mode: Mode;
  readonly weights?: WeightDType;
  readonly activations?: ActivationDType;
  readonly perChannel: boolean;
  readonly perTensor?: boolean;
  readonly blockSize: number;
  readonly format: WeightOnlyFormat;
  readonly observer: ObserverName;
  readonly calibration?: string;
  readonly include: readonly string[];
  readonly exclude: readonly string[];
  readonly io: IoType;
  readonly strict?: boolean;
  readonly report?: string;
  readonly threads?: number;
}

/** What `octavo quantize --json` prints. */
export interface QuantizeResult extends QuantizationReport {
  readonly input: string;
  readonly output: string;
  readonly bytesBefore: number;
  readonly bytesAfter: number;
  readonly reportFiles: readonly string[];
}

const EXAMPLES = `
Examples:
  octavo quantize model.onnx -o model.int8.onnx --calibration data/ --samples 200
  octavo quantize model.onnx -o model.int8.onnx --calibration images/ --preprocess preprocess.json --observer entropy
  octavo quantize model.onnx -o model.dyn.onnx --mode dynamic
  octavo quantize model.onnx -o model.int4.onnx --mode weight-only --weights int4 --block-size 32
  octavo quantize model.onnx -o model.fp16.onnx --mode fp16`;

export function quantizeCommand(context: (json: boolean) => CommandContext): Command {
  const command = new Command('quantize')
    .description('Quantize a model to INT8, INT4 or FP16 as standard ONNX.')
    .argument('<model>', 'ONNX file')
    .requiredOption('-o, --output <file>', 'where to write the quantized model')
    .addOption(choice('--mode <mode>', 'method', MODES, RECIPE_DEFAULTS.mode))
    .addOption(
      new Option('--weights <dtype>', 'weights (default int8; int4 for weight-only)').choices([
        'int8',
        'uint8',
        'int4',
        'uint4',
      ]),
    )
    .addOption(
      new Option('--activations <dtype>', 'activations of static models (default uint8)').choices([
        'uint8',
        'int8',
      ]),
    )
    .option('--per-channel', 'one scale for each output channel of a weight', true)
    .addOption(new Option('--per-tensor', 'one scale for each weight'))
    .option(
      '--block-size <n>',
      'weight-only: weights that share a scale',
      wholeNumber(16),
      RECIPE_DEFAULTS.blockSize,
    )
    .addOption(
      choice(
        '--format <format>',
        'weight-only: how the model is written',
        ['matmulnbits', 'qdq'],
        RECIPE_DEFAULTS.weightOnlyFormat,
      ),
    )
    .addOption(
      choice('--observer <name>', 'how ranges are chosen', Object.keys(observers), RECIPE_DEFAULTS.observer),
    )
    .option('--calibration <path>', 'data for static quantization')
    .option('--include <pattern>', 'quantize only nodes or ops that match (repeatable)', collect, [])
    .option('--exclude <pattern>', 'leave nodes or ops that match in float (repeatable)', collect, [])
    .addOption(
      choice(
        '--io <type>',
        "the graph's own inputs and outputs",
        ['float', 'uint8', 'int8'],
        RECIPE_DEFAULTS.io,
      ),
    )
    .option('--strict', 'fp16: fail instead of clamping values beyond fp16')
    .option('--report <dir>', 'write report.html and report.json')
    .option('--threads <n>', 'threads for calibration', wholeNumber(1))
    .addHelpText('after', EXAMPLES)
    .action(async (file: string, flags: QuantizeFlags) =>
      runQuantize(file, flags, context(flags.json ?? false)),
    );
  for (const option of dataOptions()) command.addOption(option);
  return command;
}

async function runQuantize(file: string, flags: QuantizeFlags, context: CommandContext): Promise<void> {
  checkFlags(file, flags);
  const source = await loadOnnx(file);
  const { model, report } = await quantizeModel(source, {
    recipe: recipeOf(flags),
    createSession: (float, { taps }) =>
      openFastSession(float, {
        taps,
        notice: (line) => context.output.notice(line),
        ...(flags.threads ? { threads: flags.threads } : {}),
      }),
    signal: context.signal,
    ...(flags.mode === 'static' && flags.calibration
      ? { calibration: calibrationSamples(source, flags.calibration, flags, context) }
      : {}),
  });
  await saveOnnx(model, flags.output, { inputs: [file], signal: context.signal });
  const sizes = { bytesBefore: await sizeOf(file), bytesAfter: await sizeOf(flags.output) };
  const base = { input: file, output: flags.output, ...sizes, ...report };
  const reportFiles = flags.report ? await writeQuantizationReport(flags.report, base) : [];
  context.output.result({ ...base, reportFiles }, describe({ ...base, reportFiles }));
}

function checkFlags(file: string, flags: QuantizeFlags): void {
  if (flags.mode === 'static' && !flags.calibration)
    throw new UsageError(
      'static quantization needs --calibration PATH.',
      'Give representative inputs, or use --mode dynamic.',
    );
  if (resolve(file) === resolve(flags.output))
    throw new UsageError(`the output ${flags.output} is the input.`, 'Write to another file.');
}

function recipeOf(flags: QuantizeFlags): Recipe {
  const { mode, blockSize, observer, include, exclude, io } = flags;
  return {
    ...RECIPE_DEFAULTS,
    mode,
    blockSize,
    observer,
    include,
    exclude,
    io,
    weights: flags.weights ?? (mode === 'weight-only' ? 'int4' : RECIPE_DEFAULTS.weights),
    activations: flags.activations ?? (io === 'float' ? RECIPE_DEFAULTS.activations : io),
    perChannel: !flags.perTensor,
    weightOnlyFormat: flags.format,
    strict: flags.strict ?? false,
  };
}

async function* calibrationSamples(
  model: Model,
  path: string,
  flags: QuantizeFlags,
  context: CommandContext,
): AsyncGenerator<CalibrationSample> {
  const inputs = model.graph.inputs.flatMap((value) =>
    value.tensorType ? [{ name: value.name, dtype: value.tensorType.dtype, shape: value.shape }] : [],
  );
  const dataset = await openData(path, inputs, flags);
  const queue = interruptible(dataset.samples(), context.signal);
  let seen = 0;
  const progress = startProgress(context.streams, 'calibrating', dataset.size);
  try {
    for await (const sample of queue) {
      yield sample;
      progress.update(++seen);
    }
  } finally {
    progress.stop();
  }
}

/** Size of a model with its external data. */
async function sizeOf(file: string): Promise<number> {
  const own = (await stat(file)).size;
  const data = await stat(`${file}.data`).catch(() => undefined);
  return own + (data?.size ?? 0);
}

function describe(result: QuantizeResult): string {
  const kept = result.decisions.filter((each) => !each.quantized);
  const lines = [
    `${result.output}: ${formatBytes(result.bytesBefore)} -> ${formatBytes(result.bytesAfter)} (${(result.bytesAfter / result.bytesBefore).toFixed(2)}x)`,
    `${result.decisions.length - kept.length} nodes quantized, ${kept.length} left in float${result.samples > 0 ? `; ${result.samples} calibration samples` : ''}`,
  ];
  if (kept.length > 0)
    lines.push(
      '',
      formatTable(
        ['left in float', 'op', 'because'],
        kept.map((each) => [each.node, each.op, each.because]),
      ),
    );
  for (const warning of result.warnings) lines.push(`warning: ${warning}`);
  for (const file of result.reportFiles) lines.push(`report: ${file}`);
  return lines.join('\n');
}
