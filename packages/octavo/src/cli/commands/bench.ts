import { basename, dirname } from 'node:path';
import { loadOnnx } from '@octavo/formats/node';
import { portOf } from '@octavo/runtime';
import { Argument, Command, Option } from 'commander';
import { benchModel, type ModelBenchmark } from '../../bench/bench-model.js';
import { SUBJECT_NAMES } from '../../bench/kernels/subjects.js';
import { writeFiles } from '../../output-files.js';
import { repeatable, wholeNumber } from '../arguments.js';
import { type CommandContext, checkpoint } from '../context.js';
import { type FeedFlags, feedOptions, readFeeds, sizes } from '../feeds.js';
import { checkOutputFile } from '../output-path.js';
import { formatBytes, formatTable } from '../table.js';
import { UsageError } from '../usage-error.js';
import { benchKernelLayers, type KernelFlags } from './bench-kernels.js';

interface BenchFlags extends FeedFlags, KernelFlags {}

const EXAMPLES = `
Examples:
  octavo bench model model.onnx --threads 1 --threads 2
  octavo bench model model.onnx --dim batch=8 --plot latency.svg`;

export function benchCommand(context: CommandContext): Command {
  const command = new Command('bench')
    .description(
      'Time a model or the layers of known networks on our kernels and on onnxruntime, interleaved.',
    )
    .addArgument(
      new Argument('<subject>', 'a model, or layers of known networks').choices(['model', ...SUBJECT_NAMES]),
    )
    .argument('[model]', 'ONNX file, of subject model')
    .addOption(repeatable('--threads <n>', 'threads; 1 and 2 when not given', wholeNumber(1)))
    .addOption(
      new Option(
        '--seconds <n>',
        'time for each number of threads and each layer; 3 for models, 1 for layers when not given',
      ).argParser(wholeNumber(1)),
    )
    .addOption(repeatable('--suite <name>', 'layers of this network only', String))
    .option('--quick', 'the smallest layer of each network, few rounds: whether it works, not how fast it is')
    .option('--plot <file>', 'write the latencies, or a roofline of the layers, as an SVG chart')
    .addHelpText('after', EXAMPLES)
    .action(async (subject: string, file: string | undefined, flags: BenchFlags) => {
      const kernels = SUBJECT_NAMES.find((name) => name === subject);
      if (kernels) await benchKernelLayers(kernels, layerFlags(file, flags), context);
      else await bench(modelFile(file, flags), flags, context);
    });
  for (const option of feedOptions()) command.addOption(option);
  return command;
}

function modelFile(file: string | undefined, { suite, quick }: BenchFlags): string {
  if (file === undefined) throw new UsageError('A model is missing.', 'Name an ONNX file.');
  if (suite.length > 0 || quick) throw new UsageError('--suite and --quick are about layers, not models.');
  return file;
}

function layerFlags(file: string | undefined, flags: BenchFlags): KernelFlags {
  if (file !== undefined) throw new UsageError(`This subject takes no model (${file}).`);
  if (flags.input.length > 0 || flags.dim.length > 0)
    throw new UsageError('--input and --dim are about models.');
  return flags;
}

async function bench(file: string, flags: BenchFlags, context: CommandContext): Promise<void> {
  const model = await loadOnnx(file);
  const feeds = await readFeeds(flags, model.graph.inputs.map(portOf));
  if (flags.plot !== undefined) await checkOutputFile(flags.plot, [file]);
  const found = await benchModel(file, feeds.tensors, {
    threads: flags.threads.length > 0 ? flags.threads : [1, 2],
    budget: (flags.seconds ?? 3) * 1000,
    dims: sizes(flags.dim),
    signal: context.signal,
    notice: (line) => context.output.notice(line),
    pause: () => checkpoint(context.signal),
  });
  if (flags.plot !== undefined) {
    const files = new Map([[basename(flags.plot), await chart(found)]]);
    await writeFiles(dirname(flags.plot), files, context.signal);
  }
  context.output.result(found, describe(found));
}

async function chart({ model, results }: ModelBenchmark): Promise<string> {
  const { barChart } = await import('@octavo/evaluation/report');
  const groups = results.map(({ threads, octavo, onnxruntime }) => ({
    name: threads === 1 ? '1 thread' : `${threads} threads`,
    values: { onnxruntime: onnxruntime.median, octavo: octavo.median },
  }));
  return barChart(groups, {
    label: 'milliseconds a run',
    description: `Median latency of ${basename(model)} on onnxruntime and Octavo`,
  });
}

function describe({ results, creation, footprint, machine }: ModelBenchmark): string {
  const milliseconds = (value: number): string => value.toPrecision(4);
  const rows = results.flatMap(({ threads, octavo, onnxruntime, ratio }) => [
    [
      String(threads),
      'octavo',
      milliseconds(octavo.median),
      milliseconds(octavo.p95),
      `${ratio.toFixed(2)}x`,
    ],
    [
      String(threads),
      'onnxruntime',
      milliseconds(onnxruntime.median),
      milliseconds(onnxruntime.p95),
      '1.00x',
    ],
  ]);
  const times = formatTable(['threads', 'runtime', 'median ms', 'p95 ms', 'speed'], rows);
  const costs = footprint
    ? formatTable(
        ['runtime', 'import ms', 'creation, first in a process, ms', 'peak memory'],
        Object.entries(footprint).map(([name, { loading, creation: first, peakBytes }]) => [
          name,
          loading.toFixed(1),
          first.toFixed(1),
          formatBytes(peakBytes),
        ]),
      )
    : 'Import, the first creation in a process and memory are measured by an installed Octavo only.';
  return `${times}\n\n${describeCreation(creation)}\n\n${costs}\n\n${machine.cpu}, ${machine.cores} cores, Node ${machine.node}`;
}

function describeCreation({ octavo, onnxruntime, ratio }: ModelBenchmark['creation']): string {
  return formatTable(
    ['runtime', 'creation, median ms', 'p95 ms', 'speed'],
    [
      ['octavo', octavo.median.toPrecision(4), octavo.p95.toPrecision(4), `${ratio.toFixed(2)}x`],
      ['onnxruntime', onnxruntime.median.toPrecision(4), onnxruntime.p95.toPrecision(4), '1.00x'],
    ],
  );
}
