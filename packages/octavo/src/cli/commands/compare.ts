import { inferTypes, type Model } from '@octavo/core/ir';
import { compareLayers, type LayerComparison, pairValues } from '@octavo/evaluation';
import { loadOnnx } from '@octavo/formats/node';
import { prepareModel } from '@octavo/quantizer';
import type { NamedTensors, Session } from '@octavo/runtime';
import { Command } from 'commander';
import { BACKEND_NAMES, type BackendName, openFastSession } from '../../sessions.js';
import { choice, dataOptions } from '../arguments.js';
import { type CommandContext, interruptible, withProgress } from '../context.js';
import { type DataFlags, openData } from '../open-data.js';
import { formatTable } from '../table.js';

interface CompareFlags extends DataFlags {
  readonly json?: boolean;
  readonly data: string;
  readonly backend: BackendName;
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
  octavo compare model.onnx model.int8.onnx --data data/ --samples 16`;

export function compareCommand(context: (json: boolean) => CommandContext): Command {
  const command = new Command('compare')
    .description('Compare two models layer by layer: SQNR and cosine, worst first.')
    .argument('<original>', 'ONNX file')
    .argument('<quantized>', 'ONNX file made from it')
    .requiredOption('--data <path>', 'inputs to compare on')
    .addOption(
      choice(
        '--backend <name>',
        'what runs the models (auto: onnxruntime when installed)',
        BACKEND_NAMES,
        'auto',
      ),
    )
    .addHelpText('after', EXAMPLES)
    .action(async (original: string, quantized: string, flags: CompareFlags) =>
      runCompare(original, quantized, flags, context(flags.json ?? false)),
    );
  for (const option of dataOptions()) command.addOption(option);
  return command;
}

async function runCompare(
  originalFile: string,
  quantizedFile: string,
  flags: CompareFlags,
  context: CommandContext,
): Promise<void> {
  const original = await loadOnnx(originalFile);
  await prepareModel(original);
  const quantized = await loadOnnx(quantizedFile);
  inferTypes(quantized.graph);
  const pairs = pairValues(original.graph, quantized.graph);
  using left = await open(
    original,
    pairs.map((pair) => pair.value),
    flags,
    context,
  );
  using right = await open(
    quantized,
    pairs.map((pair) => pair.quantizedValue),
    flags,
    context,
  );
  const dataset = await openData(flags.data, left.inputs, flags);
  let samples = 0;
  const layers = await withProgress(context, 'comparing', dataset.size, (progress) =>
    compareLayers(pairs, left, right, feedsOf(interruptible(dataset.samples(), context.signal)), (seen) => {
      samples = seen;
      progress.update(seen);
    }),
  );
  const result: CompareResult = { original: originalFile, quantized: quantizedFile, samples, layers };
  context.output.result(result, describe(result));
}

function open(
  model: Model,
  taps: readonly string[],
  flags: CompareFlags,
  context: CommandContext,
): Promise<Session> {
  return openFastSession(model, {
    backend: flags.backend,
    taps,
    notice: (line) => context.output.notice(line),
  });
}

async function* feedsOf(
  samples: AsyncIterable<{ readonly feeds: NamedTensors }>,
): AsyncGenerator<NamedTensors> {
  for await (const sample of samples) yield sample.feeds;
}

function describe(result: CompareResult): string {
  const rows = result.layers.map((layer) => [
    layer.value,
    layer.op,
    Number.isFinite(layer.sqnr) ? layer.sqnr.toFixed(1) : 'equal',
    layer.cosine.toFixed(6),
    layer.maxAbs.toPrecision(3),
  ]);
  return `${formatTable(['value', 'op', 'SQNR dB', 'cosine', 'max error'], rows)}\n\n${result.samples} samples`;
}
