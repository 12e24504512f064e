import type { Model } from '@octavo/core/ir';
import type { Dataset } from '@octavo/datasets';
import { loadOnnx, saveOnnx, sourceFiles } from '@octavo/formats/node';
import {
  type CalibrationSample,
  type ObservedSet,
  type QuantizeOptions,
  quantizeModel,
  type Recipe,
} from '@octavo/quantizer';
import { Command } from 'commander';
import { describeQuantization, type QuantizationRun } from '../../report/quantization-report.js';
import { writeReport } from '../../report/write-report.js';
import { readRanges } from '../calibration-file.js';
import { type CommandContext, checkpoint, interruptible } from '../context.js';
import { type CheckedCoverage, checkCoverage, observe, UNCHECKED } from '../coverage.js';
import { sizeOnDisk } from '../model-size.js';
import { openCalibration } from '../open-data.js';
import { checkOutputFile } from '../output-path.js';
import { startProgress } from '../progress.js';
import { applyRecipe, checkRecipe, readRecipe } from '../recipe-file.js';
import { floatSessions } from '../search.js';
import { formatBytes, formatTable } from '../table.js';
import { quantizeAuto } from './quantize-auto.js';
import { checkFlags, type QuantizeFlags, quantizeOptions, recipeOf } from './quantize-flags.js';
import { checkReport, measureResult } from './quantize-measure.js';
import { quantizeMixed } from './quantize-mixed.js';

/** What `octavo quantize --json` prints. */
export interface QuantizeResult extends QuantizationRun {
  readonly reportFiles: readonly string[];
}

const EXAMPLES = `
Examples:
  octavo quantize model.onnx -o model.int8.onnx --calibration data/ --samples 200
  octavo quantize model.onnx -o model.int8.onnx --calibration images/ --preprocess preprocess.json --observer entropy
  octavo quantize model.onnx -o model.int8.onnx --calibration data/ --io uint8 --report report/
  octavo quantize model.onnx -o model.int8.onnx --ranges ranges.json --observer percentile
  octavo quantize model.onnx -o model.mixed.onnx --recipe recipe.json --calibration data/
  octavo quantize model.onnx -o model.dynamic.onnx --mode dynamic
  octavo quantize model.onnx -o model.int4.onnx --mode weight-only --weights int4 --block-size 32
  octavo quantize model.onnx -o model.fp16.onnx --mode fp16
  octavo quantize model.onnx -o model.fast.onnx --mode auto --calibration data/ --validation test/ --label class --metric top1 --min-retention 0.99 --report report/
  octavo quantize model.onnx -o model.mixed.onnx --mode mixed --calibration data/ --validation test/ --label class --metric top1 --budget size=2MB --budget accuracy=0.98`;

export function quantizeCommand(context: CommandContext): Command {
  const command = new Command('quantize')
    .description('Quantize a model to INT8, INT4 or FP16 as standard ONNX.')
    .argument('<model>', 'ONNX file')
    .addHelpText('after', EXAMPLES)
    .action(async (file: string, { recipe: path }: QuantizeFlags) => {
      const recipe = path === undefined ? {} : await readRecipe(path);
      applyRecipe(command, recipe);
      const flags = command.opts<QuantizeFlags>();
      checkFlags(command, flags);
      if (path !== undefined) checkRecipe(path, recipe, flags.mode);
      const { mode } = flags;
      if (mode === 'auto') await quantizeAuto(file, flags, recipe, context);
      else if (mode === 'mixed') await quantizeMixed(file, flags, recipe, context);
      else await quantizeFile(file, flags, recipeOf(flags, mode, recipe), context);
    });
  for (const option of quantizeOptions()) command.addOption(option);
  return command;
}

async function quantizeFile(
  file: string,
  flags: QuantizeFlags,
  recipe: Recipe,
  context: CommandContext,
): Promise<void> {
  const { output, report: reportDirectory } = flags;
  const source = await loadOnnx(file);
  const inputs = [file, ...sourceFiles(source)];
  await checkOutputFile(output, inputs);
  await checkReport(source, flags, context);
  const { options, coverage, warnings } = await quantizerOptions(source, inputs, flags, recipe, context);
  const { model, report } = await quantizeModel(source, options);
  await checkpoint(context.signal);
  const measured =
    reportDirectory === undefined
      ? null
      : await measureResult(model, { file, model: source }, flags, context);
  await saveOnnx(model, output, { inputs, signal: context.signal });
  const run: QuantizationRun = {
    input: file,
    output,
    bytesBefore: await sizeOnDisk(file, source),
    bytesAfter: await sizeOnDisk(output, await loadOnnx(output)),
    ...report,
    warnings: [...report.warnings, ...warnings],
    coverage,
  };
  const reportFiles =
    reportDirectory === undefined
      ? []
      : await writeReport(
          reportDirectory,
          { ...run, measured },
          describeQuantization(run, measured),
          context.signal,
        );
  const result: QuantizeResult = { ...run, reportFiles };
  context.output.result(result, describe(result));
}

interface QuantizerStart extends CheckedCoverage {
  readonly options: QuantizeOptions;
}

/** What quantization works with, and whether its samples cover the validation data. */
async function quantizerOptions(
  source: Model,
  files: readonly string[],
  flags: QuantizeFlags,
  recipe: Recipe,
  context: CommandContext,
): Promise<QuantizerStart> {
  const { calibration: path, ranges, validation, threads } = flags;
  const options = { recipe, signal: context.signal, createSession: floatSessions(context, threads) };
  const check = (set: ObservedSet): Promise<CheckedCoverage> =>
    checkCoverage(source, set, flags, recipe, context);
  if (ranges !== undefined) {
    const { calibration, warnings } = await readRanges(ranges, files);
    const checked = await check({ activations: calibration });
    return { options: { ...options, calibration }, ...checked, warnings: [...warnings, ...checked.warnings] };
  }
  if (path === undefined) return { options, ...UNCHECKED };
  const dataset = await openCalibration(path, source.graph, flags);
  const calibration = calibrationSamples(dataset, context);
  if (validation === undefined) return { options: { ...options, calibration }, ...UNCHECKED };
  const set = await observe(source, path, flags, recipe, context);
  const known = recipe.mode === 'static' ? set.activations : undefined;
  return { options: { ...options, calibration: known ?? calibration }, ...(await check(set)) };
}

async function* calibrationSamples(
  dataset: Dataset,
  context: CommandContext,
): AsyncGenerator<CalibrationSample> {
  const progress = startProgress(context.streams, 'calibrating', dataset.size);
  let seen = 0;
  try {
    for await (const sample of interruptible(dataset.samples(), context.signal)) {
      yield sample;
      progress.update(++seen);
    }
  } finally {
    progress.stop();
  }
}

function describe(result: QuantizeResult): string {
  const kept = result.decisions.filter((each) => !each.quantized);
  const before = formatBytes(result.bytesBefore);
  const after = formatBytes(result.bytesAfter);
  const ratio = (result.bytesAfter / result.bytesBefore).toFixed(2);
  const samples = result.samples > 0 ? `; ${result.samples} calibration samples` : '';
  const lines = [
    `${result.output}: ${before} -> ${after} (${ratio}x)`,
    `${result.decisions.length - kept.length} nodes quantized, ${kept.length} left in float${samples}`,
  ];
  if (kept.length > 0) {
    const rows = kept.map((each) => [each.node, each.op, each.because]);
    lines.push('', formatTable(['left in float', 'op', 'because'], rows));
  }
  for (const warning of result.warnings) lines.push(`warning: ${warning}`);
  for (const file of result.reportFiles) lines.push(`report: ${file}`);
  return lines.join('\n');
}
