import { toNumbers } from '@octavo/core/tensor';
import { measurePeak, type Peak, type PeakKind, probe } from '@octavo/cpu';
import { createSession, type NamedTensors, type Session } from '@octavo/runtime';
import { createOnnxRuntimeSession } from '@octavo/runtime/onnxruntime';
import { defaultBackends } from '../../sessions.js';
import { type Call, medianOf, type Timing, timeInterleaved } from '../interleaved.js';
import { type Machine, thisMachine } from '../machine.js';
import type { KernelCase, KernelProblem, KernelSubject } from './kernel-case.js';

export interface KernelBenchOptions {
  /** Numbers of threads to measure with. */
  readonly threads: readonly number[];
  /** Milliseconds of timing for each layer and number of threads. */
  readonly budget: number;
  /** Rounds to make at least. */
  readonly rounds: number;
  readonly notice: (line: string) => void;
  /** Called between rounds and layers. */
  readonly pause: () => Promise<void>;
  /** Called after each layer. */
  readonly done: () => void;
}

/** One layer on one number of threads. */
export interface KernelRow {
  readonly suite: string;
  readonly name: string;
  readonly threads: number;
  /** Multiplications and additions of one call. */
  readonly operations: number;
  /** Operands and results of one call. */
  readonly bytes: number;
  readonly octavo: Timing;
  readonly onnxruntime: Timing;
  /** 10^9 operations a second at the median. */
  readonly gops: number;
  /** Share of the machine's limit; null where none is known. */
  readonly ofPeak: number | null;
  /** Bytes a second that a bare loop read in the same rounds: the limit of layers that come out of memory. */
  readonly readPerSecond?: number;
  /** How many times faster Octavo is: onnxruntime's median over ours. */
  readonly ratio: number;
  /** The largest difference between the results. */
  readonly maxError: number;
}

/** What `octavo bench <subject> --json` prints; times are in milliseconds. */
export interface KernelBenchmark {
  readonly subject: string;
  readonly machine: Machine & {
    /** Instruction sets in use, and how the addon was built. */
    readonly isa: readonly string[];
    readonly kernel: string;
    readonly build: string;
  };
  /** Limits of the machine, for each number of threads, measured before and after the layers. */
  readonly peaks: { readonly before: readonly Peak[]; readonly after: readonly Peak[] };
  readonly rows: readonly KernelRow[];
  readonly summary: { readonly geometricMean: number; readonly lowest: number };
}

type Measured = Omit<KernelRow, 'ofPeak'>;

const READ: PeakKind = 'read';
/** About as long as one call of a layer that comes out of memory: neither has only its best moments. */
const READ_MILLISECONDS = 100;

/**
 * Times layers on our kernels and on onnxruntime, in turn, and compares their results.
 * @throws SessionError as `createSession` and `createOnnxRuntimeSession`; CpuError `CPU_BINDING_NOT_FOUND`.
 */
export async function benchKernels(
  subject: KernelSubject,
  cases: readonly KernelCase[],
  options: KernelBenchOptions,
): Promise<KernelBenchmark> {
  const before = peaks(subject, options.threads);
  const measured: Measured[] = [];
  for (const each of cases) {
    const problem = each.build();
    for (const threads of options.threads) measured.push(await measure(each, problem, threads, options));
    options.done();
    await options.pause();
  }
  const after = peaks(subject, options.threads);
  const ratios = measured.map((row) => row.ratio);
  const { active, gemmKernel, build } = probe();
  return {
    subject: subject.title,
    machine: {
      ...thisMachine(),
      isa: active,
      kernel: gemmKernel,
      build,
    },
    peaks: { before, after },
    rows: measured.map((row) => ({ ...row, ofPeak: share(row, subject.peak, [...before, ...after]) })),
    summary: {
      geometricMean: Math.exp(ratios.reduce((sum, ratio) => sum + Math.log(ratio), 0) / ratios.length),
      lowest: Math.min(...ratios),
    },
  };
}

function peaks(subject: KernelSubject, counts: readonly number[]): Peak[] {
  return counts.flatMap((threads) =>
    [subject.peak, READ].flatMap((kind) => measurePeak(kind, { threads, milliseconds: 200 }) ?? []),
  );
}

/** Of two measurements of a limit the higher is the machine less disturbed. */
function share(row: Measured, limit: PeakKind, found: readonly Peak[]): number | null {
  const calls = 1000 / row.octavo.median;
  if (row.readPerSecond !== undefined) return (row.bytes * calls) / row.readPerSecond;
  const limits = found.filter(({ kind, threads }) => kind === limit && threads === row.threads);
  if (limits.length === 0) return null;
  return (row.operations * calls) / Math.max(...limits.map(({ perSecond }) => perSecond));
}

async function measure(
  { suite, name, operations, bytes, readsMemory }: KernelCase,
  { model, feeds }: KernelProblem,
  threads: number,
  { budget, rounds, notice, pause }: KernelBenchOptions,
): Promise<Measured> {
  using ours = await createSession(model, { backends: defaultBackends(notice), threads });
  using theirs = await createOnnxRuntimeSession(model, { threads, exact: false });
  using bound = await ours.bind(feeds);
  const maxError = await compare(theirs, feeds, () => {
    bound.run();
    return bound.outputs;
  });
  const rates: number[] = [];
  const read = () => {
    const peak = measurePeak(READ, { threads, milliseconds: READ_MILLISECONDS });
    if (peak) rates.push(peak.perSecond);
  };
  const calls: Call[] = [() => bound.run(), () => theirs.run(feeds), ...(readsMemory ? [read] : [])];
  const [octavo, onnxruntime] = await timeInterleaved(calls, { budget, pause, fewest: rounds, threads });
  if (!octavo || !onnxruntime) throw new Error('two calls were timed');
  const gops = operations / octavo.median / 1e6;
  const ratio = onnxruntime.median / octavo.median;
  return {
    ...{ suite, name, threads, operations, bytes, octavo, onnxruntime, gops, ratio, maxError },
    ...(rates.length > 0 ? { readPerSecond: medianOf(rates) } : {}),
  };
}

async function compare(theirs: Session, feeds: NamedTensors, run: () => NamedTensors): Promise<number> {
  const expected = await theirs.run(feeds);
  let largest = 0;
  for (const [name, tensor] of Object.entries(run())) {
    const peer = expected[name];
    const [a, b] = [toNumbers(tensor), peer ? toNumbers(peer) : []];
    for (let i = 0; i < a.length; i++)
      largest = Math.max(largest, Math.abs((a[i] ?? 0) - (b[i] ?? Number.NaN)));
  }
  return largest;
}
