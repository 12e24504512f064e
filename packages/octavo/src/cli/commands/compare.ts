import { inferTypes, type Model } from '@octavo/core/ir';
import { OctavoError } from '@octavo/core/tensor';
import { compareLayers, type LayerComparison, pairValues, type ValuePair } from '@octavo/evaluation';
import { loadOnnx } from '@octavo/formats/node';
import { prepareModel } from '@octavo/quantizer';
import type { NamedTensors, Session } from '@octavo/runtime';
import { Command } from 'commander';
import { withFloatPorts } from '../../float-ports.js';
import { type BackendName, openFastSession } from '../../sessions.js';
import { dataOptions, sessionOptions } from '../arguments.js';
import { type CommandContext, interruptible, withProgress } from '../context.js';
import { type DataFlags, inputSpecs, openData } from '../open-data.js';
import { formatTable } from '../table.js';

interface CompareFlags extends DataFlags {
  readonly data: string;
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
}

const EXAMPLES = `
Examples:
  octavo compare model.onnx model.int8.onnx --data data/ --samples 16
  octavo compare model.onnx model.int8.onnx --data rows.csv --preprocess columns.json --json`;

export function compareCommand(context: CommandContext): Command {
  const command = new Command('compare')
    .description('Compare two models layer by layer: SQNR and cosine, worst first.')
    .argument('<original>', 'ONNX file')
    .argument('<quantized>', 'ONNX file made from it')
    .requiredOption('--data <path>', 'inputs to compare on')
    .addHelpText('after', EXAMPLES)
    .action(async (original: string, quantized: string, flags: CompareFlags) => {
      const result = await compareFiles(original, quantized, flags, context);
      context.output.result(result, describe(result));
    });
  for (const option of [...dataOptions(), ...sessionOptions()]) command.addOption(option);
  return command;
}

async function compareFiles(
  originalFile: string,
  quantizedFile: string,
  flags: CompareFlags,
  context: CommandContext,
): Promise<CompareResult> {
  const original = await loadOnnx(originalFile);
  const quantized = await loadOnnx(quantizedFile);
  const dataset = await openData(flags.data, inputSpecs(original.graph), flags);
  await prepareModel(original);
  inferTypes(quantized.graph);
  const pairs = pairValues(original.graph, quantized.graph);
  if (pairs.length === 0) throw nothingInCommon(quantizedFile, originalFile);
  using left = await open(original, valuesOf(pairs, 'value'), flags, context);
  using right = await open(quantized, valuesOf(pairs, 'quantizedValue'), flags, context);
  const quantizedSession = withFloatPorts(right, quantized, original.graph);
  let samples = 0;
  const layers = await withProgress(context, 'comparing', dataset.size, (progress) => {
    const feeds = feedsOf(interruptible(dataset.samples(), context.signal));
    return compareLayers(pairs, left, quantizedSession, feeds, (seen) => {
      samples = seen;
      progress.update(seen);
    });
  });
  return { original: originalFile, quantized: quantizedFile, samples, layers };
}

function valuesOf(pairs: readonly ValuePair[], side: 'value' | 'quantizedValue'): string[] {
  return [...new Set(pairs.map((pair) => pair[side]))];
}

function open(
  model: Model,
  taps: readonly string[],
  flags: CompareFlags,
  context: CommandContext,
): Promise<Session> {
  const { backend, threads } = flags;
  const notice = (line: string): void => context.output.notice(line);
  return openFastSession(model, { backend, taps, notice, ...(threads === undefined ? {} : { threads }) });
}

async function* feedsOf(
  samples: AsyncIterable<{ readonly feeds: NamedTensors }>,
): AsyncGenerator<NamedTensors> {
  for await (const sample of samples) yield sample.feeds;
}

function nothingInCommon(quantized: string, original: string): OctavoError {
  return new OctavoError({
    code: 'NOTHING_TO_COMPARE',
    where: quantized,
    message: `it computes no value that ${original} computes too.`,
    remedy: 'Compare a model with one that was made from it; values are matched by name.',
  });
}

function describe(result: CompareResult): string {
  const rows = result.layers.map((layer) => [
    layer.value,
    layer.op,
    layer.sqnr === Number.POSITIVE_INFINITY ? 'equal' : layer.sqnr.toFixed(1),
    layer.cosine.toFixed(6),
    layer.maxAbs.toPrecision(3),
  ]);
  return `${formatTable(['value', 'op', 'SQNR dB', 'cosine', 'max error'], rows)}\n\n${result.samples} samples`;
}
