import { cloneModel, inferTypes } from '@octavo/core/ir';
import { OctavoError } from '@octavo/core/tensor';
import type { Dataset } from '@octavo/datasets';
import { compareLayers, type LayerComparison, pairValues, type ValuePair } from '@octavo/evaluation';
import { loadOnnx, sourceFiles } from '@octavo/formats/node';
import { CAUSES, explainLayers, type LayerExplanation, prepareModel } from '@octavo/quantizer';
import type { NamedTensors } from '@octavo/runtime';
import { Command } from 'commander';
import { withFloatPorts } from '../../float-ports.js';
import type { BackendName } from '../../sessions.js';
import { dataOptions, sessionOptions } from '../arguments.js';
import { type CommandContext, interruptible, withProgress } from '../context.js';
import { checkScoring } from '../judging.js';
import { inputSpecs, openData } from '../open-data.js';
import { checkOutputFile } from '../output-path.js';
import { floatSessions } from '../search.js';
import { formatTable } from '../table.js';
import { checkFixable } from './check-fixable.js';
import {
  checkFixFlags,
  describeFix,
  type FixDocument,
  type FixFlags,
  type FixJob,
  fixModel,
  fixOptions,
} from './compare-fix.js';

interface CompareFlags extends FixFlags {
  readonly backend: BackendName;
  readonly threads?: number;
}

/** What `octavo compare --json` prints. */
export interface CompareResult {
  readonly original: string;
  readonly quantized: string;
  readonly samples: number;
  /** Worst SQNR first. */
  readonly layers: readonly LayerComparison[];
  /** Why layers lose accuracy; those that add most noise first. */
  readonly explanations: readonly LayerExplanation[];
  /** What `--fix` did. */
  readonly fix: FixDocument | null;
}

const EXAMPLES = `
Examples:
  octavo compare model.onnx model.int8.onnx --data data/ --samples 16
  octavo compare model.onnx model.int8.onnx --data rows.csv --preprocess columns.json --json
  octavo compare model.onnx model.int8.onnx --data data/ --fix model.mended.onnx --min-sqnr 30
  octavo compare model.onnx model.int8.onnx --data test/ --label class --metric top1 --fix model.mended.onnx --max-drop 0.5%`;

export function compareCommand(context: CommandContext): Command {
  const command = new Command('compare')
    .description('Compare two models layer by layer, say why layers lose accuracy, and mend it.')
    .argument('<original>', 'ONNX file')
    .argument('<quantized>', 'ONNX file made from it')
    .requiredOption('--data <path>', 'inputs to compare on')
    .addHelpText('after', EXAMPLES)
    .action(async (original: string, quantized: string, flags: CompareFlags) => {
      checkFixFlags(flags);
      const result = await compareFiles(original, quantized, flags, context);
      context.output.result(result, describe(result), result.fix?.reached !== false);
    });
  for (const option of [...fixOptions(), ...dataOptions(), ...sessionOptions()]) command.addOption(option);
  return command;
}

async function compareFiles(
  originalFile: string,
  quantizedFile: string,
  flags: CompareFlags,
  context: CommandContext,
): Promise<CompareResult> {
  const source = await loadOnnx(originalFile);
  const quantized = await loadOnnx(quantizedFile);
  const inputs = [originalFile, quantizedFile, ...sourceFiles(source), ...sourceFiles(quantized)];
  if (flags.fix !== undefined) {
    checkFixable(quantized, quantizedFile);
    await checkOutputFile(flags.fix, inputs);
  }
  const dataset = await openData(flags.data, inputSpecs(source.graph), flags);
  const createSession = floatSessions(context, flags.threads, flags.backend);
  if (flags.fix !== undefined && flags.metric !== undefined)
    await checkScoring({ dataset, metric: flags.metric, flags }, source, createSession);
  const job: FixJob = {
    source,
    quantized,
    dataset,
    createSession,
    openQuantized: async (model, options) =>
      withFloatPorts(await createSession(model, options), model, source.graph),
  };
  const { samples, layers } = await compareValues(job, originalFile, quantizedFile, context);
  const explanations = await explain(job, context);
  const fix =
    flags.fix === undefined ? null : await fixModel({ ...job, explanations }, flags.fix, flags, context);
  return { original: originalFile, quantized: quantizedFile, samples, layers, explanations, fix };
}

async function compareValues(
  { source, quantized, dataset, createSession, openQuantized }: FixJob,
  originalFile: string,
  quantizedFile: string,
  context: CommandContext,
): Promise<Pick<CompareResult, 'samples' | 'layers'>> {
  const original = cloneModel(source);
  await prepareModel(original);
  inferTypes(quantized.graph);
  const pairs = pairValues(original.graph, quantized.graph);
  if (pairs.length === 0) throw nothingInCommon(quantizedFile, originalFile);
  using left = await createSession(original, { taps: valuesOf(pairs, 'value') });
  using right = await openQuantized(quantized, { taps: valuesOf(pairs, 'quantizedValue') });
  let samples = 0;
  const layers = await withProgress(context, 'comparing', dataset.size, (progress) =>
    compareLayers(pairs, left, right, feedsOf(dataset, context.signal), (seen) => {
      samples = seen;
      progress.update(seen);
    }),
  );
  return { samples, layers };
}

function explain(
  { source, quantized, dataset, createSession, openQuantized }: FixJob,
  context: CommandContext,
): Promise<LayerExplanation[]> {
  return withProgress(context, 'explaining', dataset.size, (progress) =>
    explainLayers(source, quantized, interruptible(dataset.samples(), context.signal), {
      createSession,
      openQuantized,
      signal: context.signal,
      onSample: (seen) => progress.update(seen),
    }),
  );
}

function valuesOf(pairs: readonly ValuePair[], side: 'value' | 'quantizedValue'): string[] {
  return [...new Set(pairs.map((pair) => pair[side]))];
}

async function* feedsOf(dataset: Dataset, signal: AbortSignal): AsyncGenerator<NamedTensors> {
  for await (const sample of interruptible(dataset.samples(), signal)) yield sample.feeds;
}

function nothingInCommon(quantized: string, original: string): OctavoError {
  return new OctavoError({
    code: 'NOTHING_TO_COMPARE',
    where: quantized,
    message: `it computes no value that ${original} computes too.`,
    remedy: 'Compare a model with one that was made from it; values are matched by name.',
  });
}

function describe({ layers, samples, explanations, fix }: CompareResult): string {
  const rows = layers.map((layer) => [
    layer.value,
    layer.op,
    dB(layer.sqnr),
    layer.cosine.toFixed(6),
    layer.maxAbs.toPrecision(3),
  ]);
  return [
    `${formatTable(['value', 'op', 'SQNR dB', 'cosine', 'max error'], rows)}\n\n${samples} samples`,
    ...(explanations.length > 0 ? [`\n${describeCauses(explanations)}`] : []),
    ...(fix ? [`\n${describeFix(fix)}`] : []),
  ].join('\n');
}

function describeCauses(explanations: readonly LayerExplanation[]): string {
  const rows = explanations.map(({ node, sqnr, ownSqnr, because }) => [
    node,
    dB(sqnr),
    dB(ownSqnr),
    because?.cause ?? 'none',
    because?.evidence ?? '',
    because?.change ?? '',
  ]);
  const named = CAUSES.filter(({ name }) => explanations.some(({ because }) => because?.cause === name));
  return [
    formatTable(['layer', 'SQNR dB', 'alone', 'cause', 'evidence', 'change'], rows),
    '',
    ...named.map(({ name, description }) => `${name}: ${description}`),
  ].join('\n');
}

function dB(value: number): string {
  return value === Number.POSITIVE_INFINITY ? 'equal' : value.toFixed(1);
}
