import { stat } from 'node:fs/promises';
import type { Model } from '@octavo/core/ir';
import { type ObserverName, observers } from '@octavo/core/quant';
import type { Dataset, Sample } from '@octavo/datasets';
import { loadOnnx, sourceFiles } from '@octavo/formats/node';
import {
  Calibration,
  type CalibrationOrigin,
  type Coverage,
  calibrateModel,
  requireOrigin,
  SampleProfile,
} from '@octavo/quantizer';
import { Command, InvalidArgumentError, Option } from 'commander';
import { choice, dataOptions, wholeNumber } from '../arguments.js';
import { readCalibration, writeCalibration } from '../calibration-file.js';
import { type CommandContext, interruptible, withProgress } from '../context.js';
import { type CheckedCoverage, type CoverageFlags, checkCoverage, UNCHECKED } from '../coverage.js';
import { fingerprintOfData, fingerprintOfModel } from '../fingerprints.js';
import { segmentOption } from '../judging.js';
import { openCalibration } from '../open-data.js';
import { checkOutputFile } from '../output-path.js';
import { readRecipe } from '../recipe-file.js';
import { floatSessions } from '../search.js';

interface CalibrateFlags extends CoverageFlags {
  readonly data: string;
  readonly output: string;
  readonly recipe?: string;
  readonly shard?: { readonly index: number; readonly count: number };
  readonly resume?: boolean;
  readonly perChannel?: ObserverName;
}

/** What `octavo calibrate` and `octavo merge` print with `--json`. */
export interface CalibrateResult {
  readonly output: string;
  /** Samples seen, those of earlier runs included. */
  readonly samples: number;
  /** Number of activations observed. */
  readonly values: number;
  /** Where `--validation` lies beyond the calibration set; null without it. */
  readonly coverage: Coverage | null;
}

/** With --resume the file is written after so many samples, so that an interrupted run can go on. */
const SAVE_EVERY = 64;

const EXAMPLES = `
Examples:
  octavo calibrate model.onnx --data images/ --preprocess preprocess.json -o ranges.json
  octavo calibrate model.onnx --data data.npz --shard 1/4 -o ranges-1.json
  octavo calibrate model.onnx --data sales.csv --validation test.csv --segment region -o ranges.json
  octavo calibrate model.onnx --data sales.csv --samples 500 --stratify zip,price:quantile10 -o ranges.json --resume`;

export function calibrateCommand(context: CommandContext): Command {
  const command = new Command('calibrate')
    .description('Observe the activations of a model on samples, for quantize --ranges.')
    .argument('<model>', 'ONNX file')
    .requiredOption('--data <path>', 'representative inputs')
    .requiredOption('-o, --output <file>', 'where to write what was observed')
    .option('--recipe <file>', 'JSON file: the recipe whose activations are observed')
    .addOption(
      new Option('--shard <i/n>', 'observe every nth sample, from the ith; merge the files')
        .argParser(parseShard)
        .conflicts('validation'),
    )
    .addOption(
      choice('--per-channel <name>', 'observe channels too, by this observer', Object.keys(observers)),
    )
    .option('--resume', 'go on after the samples that the output file holds; save now and then')
    .addOption(new Option('--threads <n>', 'threads (default: all)').argParser(wholeNumber(1)))
    .addHelpText('after', EXAMPLES)
    .action(async (file: string, flags: CalibrateFlags) => {
      const { calibration, ...checked } = await calibrateFile(file, flags, context);
      reportCalibration(flags.output, calibration, context, checked);
    });
  for (const option of [...dataOptions(), ...coverageOptions()]) command.addOption(option);
  return command;
}

function coverageOptions(): Option[] {
  return [
    new Option('--validation <path>', 'data that the samples should cover: warns where they do not'),
    new Option('--validation-samples <n>', 'use at most n of them').argParser(wholeNumber(1)),
    new Option('--label <name>', 'array or column that holds the labels, for segments'),
    segmentOption(),
  ];
}

/** Prints what a calibration file holds. */
export function reportCalibration(
  output: string,
  calibration: Calibration,
  context: CommandContext,
  { coverage, warnings }: CheckedCoverage = UNCHECKED,
): void {
  const { samples, values } = calibration;
  const result: CalibrateResult = { output, samples, values: values.length, coverage };
  const lines = [`${output}: ${values.length} activations on ${samples} samples`];
  lines.push(...warnings.map((warning) => `warning: ${warning}`));
  context.output.result(result, lines.join('\n'));
}

async function calibrateFile(
  file: string,
  flags: CalibrateFlags,
  context: CommandContext,
): Promise<CheckedCoverage & { readonly calibration: Calibration }> {
  const { output, data, threads } = flags;
  const source = await loadOnnx(file);
  const files = [file, ...sourceFiles(source)];
  await checkOutputFile(output, [...files, data]);
  const recipe = flags.recipe === undefined ? {} : await readRecipe(flags.recipe);
  const dataset = await openCalibration(data, source.graph, flags);
  const origin = await originOf(files, source, dataset, flags);
  const known = flags.resume && (await stat(output).catch(() => undefined));
  const resume = known ? await readCalibration(output) : new Calibration(new Map());
  if (known) requireOrigin(resume.origin, origin, output);
  const profile = flags.validation === undefined ? undefined : new SampleProfile();
  if (profile) for await (const sample of dataset.samples({ limit: resume.samples })) profile.add(sample);
  const calibration = await withProgress(context, 'calibrating', dataset.size, async (progress) => {
    const samples = remaining(dataset, resume.samples, context);
    const observed = await calibrateModel(source, profile?.watch(samples) ?? samples, {
      recipe,
      perChannel: flags.perChannel,
      origin,
      ...(known ? { resume } : {}),
      signal: context.signal,
      onSample: (seen) => progress.update(seen),
      ...(flags.resume
        ? { onCheckpoint: { every: SAVE_EVERY, save: (now) => writeCalibration(output, now) } }
        : {}),
      createSession: floatSessions(context, threads),
    });
    await writeCalibration(output, observed);
    return observed;
  });
  const set = { activations: calibration, profile };
  return { calibration, ...(await checkCoverage(source, set, flags, recipe, context)) };
}

/** What a calibration is of: the model, and the shard of the data that is open. */
async function originOf(
  files: readonly string[],
  { graph }: Model,
  dataset: Dataset,
  flags: CalibrateFlags,
): Promise<CalibrationOrigin> {
  const { shard, ...whole } = flags;
  const seen = await fingerprintOfData(
    shard === undefined ? dataset : await openCalibration(flags.data, graph, whole),
  );
  const data = [{ ...seen, shards: [shard?.index ?? 1], of: shard?.count ?? 1 }];
  return { model: await fingerprintOfModel(files), data };
}

function remaining(dataset: Dataset, skip: number, context: CommandContext): AsyncGenerator<Sample> {
  return interruptible(dataset.samples({ skip }), context.signal);
}

function parseShard(text: string): { index: number; count: number } {
  const [, index, count] = /^(\d+)\/(\d+)$/.exec(text)?.map(Number) ?? [];
  if (index === undefined || count === undefined || index < 1 || index > count)
    throw new InvalidArgumentError('Expected i/n with 1 <= i <= n, e.g. 2/4.');
  return { index, count };
}
