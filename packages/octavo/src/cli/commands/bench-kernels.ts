import { basename, dirname } from 'node:path';
import { benchKernels, type KernelBenchmark } from '../../bench/kernels/bench-kernels.js';
import type { KernelCase } from '../../bench/kernels/kernel-case.js';
import { SUBJECTS, type SubjectName } from '../../bench/kernels/subjects.js';
import { writeFiles } from '../../output-files.js';
import { type CommandContext, checkpoint, withProgress } from '../context.js';
import { checkOutputFile } from '../output-path.js';
import { formatTable } from '../table.js';
import { UsageError } from '../usage-error.js';

/** Flags of `octavo bench` for the subjects that measure kernels. */
export interface KernelFlags {
  readonly threads: readonly number[];
  readonly seconds?: number;
  readonly suite: readonly string[];
  readonly quick?: boolean;
  readonly plot?: string;
}

const ROUNDS = 15;

/** Times the layers of a subject. */
export async function benchKernelLayers(
  name: SubjectName,
  flags: KernelFlags,
  context: CommandContext,
): Promise<void> {
  const subject = SUBJECTS[name]();
  const cases = chosen(subject.cases, flags);
  if (flags.plot !== undefined) await checkOutputFile(flags.plot, []);
  const threads = flags.threads.length > 0 ? flags.threads : flags.quick ? [1] : [1, 2];
  const found = await withProgress(
    context,
    `bench ${name}`,
    cases.length,
    (progress) => {
      let done = 0;
      return benchKernels(subject, cases, {
        threads,
        budget: flags.quick ? 0 : (flags.seconds ?? 1) * 1000,
        rounds: flags.quick ? 3 : ROUNDS,
        notice: (line) => context.output.notice(line),
        pause: () => checkpoint(context.signal),
        done: () => progress.update(++done),
      });
    },
    'layers',
  );
  if (flags.plot !== undefined) {
    const files = new Map([[basename(flags.plot), await chart(found)]]);
    await writeFiles(dirname(flags.plot), files, context.signal);
  }
  context.output.result(found, describe(found));
}

/** The layers of the suites asked for; when it has to be quick the smallest of each, of suites not named none that fills memory. */
function chosen(cases: readonly KernelCase[], { suite, quick }: KernelFlags): readonly KernelCase[] {
  const suites = [...new Set(cases.map((each) => each.suite))];
  const unknown = suite.find((name) => !suites.includes(name));
  if (unknown !== undefined)
    throw new UsageError(`--suite ${unknown} is unknown here.`, `Use some of ${suites.join(', ')}.`);
  const wanted = cases.filter((each) =>
    suite.length === 0 ? !(quick && each.readsMemory) : suite.includes(each.suite),
  );
  if (!quick) return wanted;
  return suites.flatMap((name) => {
    const [smallest] = wanted
      .filter((each) => each.suite === name)
      .toSorted((a, b) => a.operations - b.operations);
    return smallest ?? [];
  });
}

async function chart({ subject, rows, peaks }: KernelBenchmark): Promise<string> {
  const threads = Math.max(...rows.map((row) => row.threads));
  const shown = rows.filter((row) => row.threads === threads);
  const limits = [...peaks.before, ...peaks.after].filter((peak) => peak.threads === threads);
  const highest = (read: boolean) =>
    Math.max(0, ...limits.filter(({ kind }) => (kind === 'read') === read).map((peak) => peak.perSecond)) /
    1e9;
  const points = shown.flatMap((row) => {
    const intensity = row.operations / row.bytes;
    return [
      { series: 'onnxruntime', name: row.name, intensity, gops: row.gops / row.ratio },
      { series: 'octavo', name: row.name, intensity, gops: row.gops },
    ];
  });
  const { rooflineChart } = await import('@octavo/evaluation/report');
  return rooflineChart(points, {
    peak: highest(false),
    bandwidth: highest(true),
    description: `${subject}: operations a second over operations a byte, ${threads === 1 ? '1 thread' : `${threads} threads`}`,
  });
}

function describe({ subject, machine, peaks, rows, summary }: KernelBenchmark): string {
  const table = formatTable(
    ['threads', 'suite', 'layer', 'us', 'GOPS', 'of peak', 'ratio', 'max error'],
    rows.map((row) => [
      String(row.threads),
      row.suite,
      row.name,
      (row.octavo.median * 1000).toPrecision(4),
      row.gops.toPrecision(4),
      row.ofPeak === null ? 'unknown' : `${(100 * row.ofPeak).toFixed(1)}%`,
      `${row.ratio.toFixed(2)}x`,
      row.maxError === 0 ? '0' : row.maxError.toPrecision(2),
    ]),
  );
  const limits = peaks.before.map((peak, i) => {
    const after = peaks.after[i]?.perSecond ?? Number.NaN;
    const unit = peak.kind === 'read' ? 'GB/s' : 'GOPS';
    const rates = [peak.perSecond, after].map((rate) => (rate / 1e9).toFixed(1)).join(' before, ');
    return `${peak.instruction}, ${peak.threads} threads: ${rates} after (${unit})`;
  });
  return [
    subject,
    table,
    `Against onnxruntime: ${summary.geometricMean.toFixed(2)}x (geometric mean), ${summary.lowest.toFixed(2)}x (lowest)`,
    ...limits,
    `${machine.cpu}, ${machine.cores} cores, ${machine.kernel}, ${machine.build}, Node ${machine.node}`,
  ].join('\n');
}
