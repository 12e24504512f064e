import { basename, dirname } from 'node:path';
import { barChart } from '@octavo/evaluation';
import { loadOnnx } from '@octavo/formats/node';
import { portOf } from '@octavo/runtime';
import { Argument, Command, Option } from 'commander';
import { benchModel, type ModelBenchmark } from '../../bench/bench-model.js';
import { writeFiles } from '../../output-files.js';
import { repeatable, wholeNumber } from '../arguments.js';
import { type CommandContext, checkpoint } from '../context.js';
import { type FeedFlags, feedOptions, readFeeds, sizes } from '../feeds.js';
import { checkOutputFile } from '../output-path.js';
import { formatBytes, formatTable } from '../table.js';

interface BenchFlags extends FeedFlags {
  readonly threads: readonly number[];
  readonly seconds: number;
  readonly plot?: string;
}

const EXAMPLES = `
Examples:
  octavo bench model model.onnx --threads 1 --threads 2
  octavo bench model model.onnx --dim batch=8 --plot latency.svg`;

export function benchCommand(context: CommandContext): Command {
  const command = new Command('bench')
    .description('Time a model on our backends and on onnxruntime, interleaved.')
    .addArgument(new Argument('<subject>', 'what is measured').choices(['model']))
    .argument('<model>', 'ONNX file')
    .addOption(repeatable('--threads <n>', 'threads; 1 and 2 when not given', wholeNumber(1)))
    .addOption(
      new Option('--seconds <n>', 'time for each number of threads').argParser(wholeNumber(1)).default(3),
    )
    .option('--plot <file>', 'write the latencies as an SVG chart')
    .addHelpText('after', EXAMPLES)
    .action(async (_: string, file: string, flags: BenchFlags) => bench(file, flags, context));
  for (const option of feedOptions()) command.addOption(option);
  return command;
}

async function bench(file: string, flags: BenchFlags, context: CommandContext): Promise<void> {
  const model = await loadOnnx(file);
  const feeds = await readFeeds(flags, model.graph.inputs.map(portOf));
  if (flags.plot !== undefined) await checkOutputFile(flags.plot, [file]);
  const found = await benchModel(file, feeds.tensors, {
    threads: flags.threads.length > 0 ? flags.threads : [1, 2],
    budget: flags.seconds * 1000,
    dims: sizes(flags.dim),
    signal: context.signal,
    notice: (line) => context.output.notice(line),
    pause: () => checkpoint(context.signal),
  });
  if (flags.plot !== undefined) {
    const files = new Map([[basename(flags.plot), chart(found)]]);
    await writeFiles(dirname(flags.plot), files, context.signal);
  }
  context.output.result(found, describe(found));
}

function chart({ model, results }: ModelBenchmark): string {
  const groups = results.map(({ threads, octavo, onnxruntime }) => ({
    name: threads === 1 ? '1 thread' : `${threads} threads`,
    values: { onnxruntime: onnxruntime.median, octavo: octavo.median },
  }));
  return barChart(groups, {
    label: 'milliseconds a run',
    description: `Median latency of ${basename(model)} on onnxruntime and Octavo`,
  });
}

function describe({ results, footprint, machine }: ModelBenchmark): string {
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
        ['runtime', 'session ms', 'peak memory'],
        Object.entries(footprint).map(([name, { creation, peakBytes }]) => [
          name,
          creation.toFixed(1),
          formatBytes(peakBytes),
        ]),
      )
    : 'Session creation and memory are measured by an installed Octavo only.';
  return `${times}\n\n${costs}\n\n${machine.cpu}, ${machine.cores} cores, Node ${machine.node}`;
}
