import { basename, dirname } from 'node:path';
import type { Model } from '@octavo/core/ir';
import type { Dataset } from '@octavo/datasets/node';
import { loadOnnx, sourceFiles } from '@octavo/formats/node';
import {
  BITS,
  type Bits,
  countMeasurements,
  estimateSensitivity,
  gatherSensitive,
  measureSensitivity,
  PARTS,
  type Part,
  prepareModel,
  type SensitiveStatistics,
  type Sensitivity,
  type SessionFactory,
  type Unranked,
  unranked,
} from '@octavo/quantizer';
import { Command, Option } from 'commander';
import { writeFiles } from '../../output-files.js';
import type { BackendName } from '../../sessions.js';
import { choice, dataOptions, listOption, sessionOptions } from '../arguments.js';
import { type CommandContext, interruptible, withProgress } from '../context.js';
import { fingerprintOfModel } from '../fingerprints.js';
import { checkScoring, type JudgeFlags, judgeOptions, openLabelled } from '../judging.js';
import { inputSpecs, openData } from '../open-data.js';
import { checkOutputFile } from '../output-path.js';
import { floatSessions } from '../search.js';
import { SensitivityState } from '../sensitivity-state.js';
import { formatTable } from '../table.js';
import { UsageError } from '../usage-error.js';

type SensitivityMode = 'cheap' | 'exact';

interface SensitivityFlags extends JudgeFlags {
  readonly data: string;
  readonly mode?: SensitivityMode;
  readonly bits: readonly Bits[];
  readonly parts: readonly Part[];
  readonly state?: string;
  readonly chart?: string;
  readonly backend: BackendName;
  readonly threads?: number;
}

/** What `octavo sensitivity --json` prints. */
export interface SensitivityResult {
  readonly model: string;
  readonly data: string;
  readonly mode: SensitivityMode;
  readonly metric: string | null;
  readonly samples: number;
  /** The most sensitive first. */
  readonly layers: readonly Sensitivity[];
  /** What the ranking leaves out, and why. */
  readonly notRanked: readonly Unranked[];
}

/** Rows of the table and bars of the chart. */
const SHOWN = 30;

const EXAMPLES = `
Examples:
  octavo sensitivity model.onnx --data data/ --samples 100
  octavo sensitivity model.onnx --data data/ --label class --metric top1 --bits 8,4 --state model.sensitivity.jsonl --chart layers.svg`;

export function sensitivityCommand(context: CommandContext): Command {
  const command = new Command('sensitivity')
    .description('Rank layers by what quantizing each one alone loses.')
    .argument('<model>', 'float ONNX file')
    .requiredOption('--data <path>', 'representative inputs; labelled ones with --metric')
    .addHelpText('after', EXAMPLES)
    .action(async (file: string, flags: SensitivityFlags) => {
      const result = await analyse(file, flags, context);
      if (flags.chart !== undefined) await writeChart(flags.chart, result, context.signal);
      context.output.result(result, describe(result));
    });
  for (const option of [...ownOptions(), ...judgeOptions(), ...dataOptions(), ...sessionOptions()])
    command.addOption(option);
  return command;
}

function ownOptions(): Option[] {
  return [
    choice(
      '--mode <mode>',
      'cheap: estimated from one pass; exact: every layer run (default with --metric)',
      ['cheap', 'exact'],
    ),
    listOption('--bits <list>', 'widths, of 2, 4, 8 and 16', BITS, Number, [8, 4, 2]),
    listOption('--parts <list>', 'what is quantized, of weights, activations and both', PARTS, String, PARTS),
    new Option('--state <file>', 'exact: keeps results, so that an interrupted run goes on'),
    new Option('--chart <file>', 'write the ranking as SVG'),
  ];
}

async function analyse(
  file: string,
  flags: SensitivityFlags,
  context: CommandContext,
): Promise<SensitivityResult> {
  const { data, metric, state: stateFile, chart } = flags;
  const mode = flags.mode ?? (metric === undefined ? 'cheap' : 'exact');
  checkFlags(mode, flags);
  const model = await loadOnnx(file);
  const inputs = [file, ...sourceFiles(model)];
  for (const path of [stateFile, chart]) if (path !== undefined) await checkOutputFile(path, inputs);
  await prepareModel(model);
  const dataset = await openData(data, inputSpecs(model.graph), flags);
  const createSession = floatSessions(context, flags.threads, flags.backend);
  if (mode === 'exact' && metric !== undefined)
    await checkScoring({ dataset, metric, flags }, model, createSession);
  const { statistics, samples } = await observe(model, dataset, createSession, context);
  const options = { ...flags, signal: context.signal };
  const layers =
    mode === 'cheap' || metric === undefined
      ? await estimateSensitivity(statistics, options)
      : await measureLayers(inputs, model, statistics, metric, flags, context);
  return {
    model: file,
    data,
    mode,
    metric: mode === 'exact' ? (metric ?? null) : null,
    samples,
    layers,
    notRanked: unranked(model.graph, statistics, flags),
  };
}

/** Where precision is lost, by all samples; and how many there were. */
async function observe(
  model: Model,
  dataset: Dataset,
  createSession: SessionFactory,
  context: CommandContext,
): Promise<{ statistics: SensitiveStatistics[]; samples: number }> {
  let samples = 0;
  const statistics = await withProgress(context, 'observing', dataset.size, (progress) =>
    gatherSensitive(model, interruptible(dataset.samples(), context.signal), {
      createSession,
      signal: context.signal,
      onSample: (seen) => {
        samples = seen;
        progress.update(seen);
      },
    }),
  );
  return { statistics, samples };
}

function checkFlags(mode: SensitivityMode, { metric, state }: SensitivityFlags): void {
  if (mode === 'exact' && metric === undefined)
    throw new UsageError(
      '--mode exact needs --metric.',
      'Name a metric and labelled data, or use --mode cheap.',
    );
  if (mode === 'cheap' && state !== undefined)
    throw new UsageError(
      '--state has no meaning with --mode cheap.',
      'Leave it out: one pass is not resumed.',
    );
}

async function measureLayers(
  files: readonly string[],
  model: Model,
  statistics: readonly SensitiveStatistics[],
  metric: string,
  flags: SensitivityFlags,
  context: CommandContext,
): Promise<Sensitivity[]> {
  const { judge } = await openLabelled(flags.data, model, metric, flags);
  const state = flags.state === undefined ? undefined : await openState(files, flags.state, metric, flags);
  return withProgress(
    context,
    'measuring',
    countMeasurements(statistics, flags),
    (progress) =>
      measureSensitivity(model, statistics, {
        ...flags,
        judge,
        createSession: floatSessions(context, flags.threads, flags.backend),
        signal: context.signal,
        onProgress: (done) => progress.update(done),
        ...(state ? { known: state.known, onResult: (entry) => state.add(entry) } : {}),
      }),
    'single layers',
  );
}

async function openState(
  files: readonly string[],
  path: string,
  metric: string,
  { data, samples, seed, label, preprocess, transform, outputName }: SensitivityFlags,
): Promise<SensitivityState> {
  const sha256 = await fingerprintOfModel(files);
  const choices = { metric, data, samples, seed, label, preprocess, transform, outputName };
  return SensitivityState.open(path, { sha256, ...choices });
}

async function writeChart(path: string, result: SensitivityResult, signal: AbortSignal): Promise<void> {
  const { layers, metric } = result;
  const name = ({ node, part, bits }: Sensitivity): string => `${node}, ${part}, ${bits} bits`;
  const label = metric === null ? 'SQNR of the layer (dB)' : `drop of ${metric}`;
  const value = (each: Sensitivity): number =>
    metric === null ? each.sqnr : (each.metric?.drop ?? Number.NaN);
  const groups = layers
    .slice(0, SHOWN)
    .map((each) => ({ name: name(each), values: { [label]: value(each) } }));
  const description = `What quantizing each layer of ${result.model} alone loses, the worst first`;
  const { barChart } = await import('@octavo/evaluation/report');
  const svg = barChart(groups, { label, description });
  await writeFiles(dirname(path), new Map([[basename(path), svg]]), signal);
}

function describe({ layers, notRanked, samples, mode, metric }: SensitivityResult): string {
  const rows = layers
    .slice(0, SHOWN)
    .map(({ node, op, part, bits, sqnr, metric: figures }) => [
      node,
      op,
      part,
      String(bits),
      decibels(sqnr),
      ...(figures ? [figures.value.toPrecision(5), figures.drop.toPrecision(3)] : []),
    ]);
  const header = ['layer', 'op', 'part', 'bits', 'SQNR dB', ...(metric === null ? [] : [metric, 'drop'])];
  const more = layers.length > SHOWN ? [`... and ${layers.length - SHOWN} more; --json has them all`] : [];
  const where = mode === 'cheap' ? "estimated at each layer's own output" : "measured at the model's output";
  const others = notRanked.map(({ op, nodes, because }) => [op, String(nodes), because]);
  const left = others.length > 0 ? ['', formatTable(['not ranked', 'nodes', 'because'], others)] : [];
  return [formatTable(header, rows), ...more, ...left, '', `${samples} samples; SQNR ${where}`].join('\n');
}

function decibels(sqnr: number): string {
  if (Number.isNaN(sqnr)) return 'no sample';
  return sqnr === Number.POSITIVE_INFINITY ? 'equal' : sqnr.toFixed(1);
}
