import type { NodeExplanation } from './explain.js';
import { formatRows } from './format-rows.js';

export interface ProfileOptions {
  /** Timed runs (default 10). */
  readonly rounds?: number;
  readonly signal?: AbortSignal;
}

export const DEFAULT_ROUNDS = 10;

/** What one node cost over the timed runs. */
export interface NodeProfile extends NodeExplanation {
  /** Median milliseconds of a run. */
  readonly milliseconds: number;
  /** Part of the time of all nodes, from 0 to 1. */
  readonly fraction: number;
}

/** When a node ran in the last timed run, in milliseconds since that run began. */
export interface NodeSpan {
  /** Position in `SessionProfile.nodes`. */
  readonly node: number;
  readonly start: number;
  readonly duration: number;
}

/** Where the time of a session goes. */
export interface SessionProfile {
  readonly rounds: number;
  /** Nodes that have a kernel of their own, in the order of execution. */
  readonly nodes: readonly NodeProfile[];
  /** Median milliseconds of a whole timed run: the nodes and what lies between them. */
  readonly milliseconds: number;
  readonly spans: readonly NodeSpan[];
  /** A table of the nodes, slowest first, and of the sums by op. */
  toString(): string;
  /** A trace for chrome://tracing or Perfetto. */
  toChromeTrace(): ChromeTrace;
}

/** The JSON object form of the Trace Event Format: complete events (`ph: X`), times in microseconds. */
export interface ChromeTrace {
  readonly displayTimeUnit: 'ms';
  readonly traceEvents: readonly {
    readonly name: string;
    readonly cat: string;
    readonly ph: 'X';
    readonly ts: number;
    readonly dur: number;
    readonly pid: number;
    readonly tid: number;
    readonly args: Readonly<Record<string, string>>;
  }[];
}

/** One timed run: how long it took in all, and the spans of its nodes. */
export interface TimedRun {
  readonly milliseconds: number;
  readonly spans: readonly NodeSpan[];
}

/** Sums up timed runs; `nodes` are those that the spans count. */
export function summarizeRuns(
  explanations: readonly NodeExplanation[],
  runs: readonly TimedRun[],
): SessionProfile {
  const medians = explanations.map((_, index) =>
    median(runs.map(({ spans }) => spans.filter((span) => span.node === index).reduce(addDuration, 0))),
  );
  const total = medians.reduce((sum, each) => sum + each, 0);
  const nodes = explanations.map((explanation, index): NodeProfile => {
    const milliseconds = medians[index] ?? 0;
    return { ...explanation, milliseconds, fraction: total > 0 ? milliseconds / total : 0 };
  });
  const spans = runs.at(-1)?.spans ?? [];
  return {
    rounds: runs.length,
    nodes,
    milliseconds: median(runs.map((run) => run.milliseconds)),
    spans,
    toString: () => `${nodeTable(nodes)}\n\n${opTable(nodes)}`,
    toChromeTrace: () => chromeTrace(nodes, spans),
  };
}

function addDuration(sum: number, span: NodeSpan): number {
  return sum + span.duration;
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? 0;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? 0) + upper) / 2;
}

function nodeTable(nodes: readonly NodeProfile[]): string {
  const rows = nodes
    .toSorted((a, b) => b.milliseconds - a.milliseconds)
    .map((each) => [...cost(each), each.node, each.op, each.dtype, each.backend, each.kernel]);
  return formatRows([['ms', '%', 'node', 'op', 'dtype', 'backend', 'kernel'], ...rows]);
}

function opTable(nodes: readonly NodeProfile[]): string {
  const sums = new Map<string, { milliseconds: number; fraction: number; count: number }>();
  for (const { op, backend, milliseconds, fraction } of nodes) {
    const key = `${op}\0${backend}`;
    const sum = sums.get(key) ?? { milliseconds: 0, fraction: 0, count: 0 };
    sum.milliseconds += milliseconds;
    sum.fraction += fraction;
    sum.count++;
    sums.set(key, sum);
  }
  const rows = [...sums]
    .sort(([, a], [, b]) => b.milliseconds - a.milliseconds)
    .map(([key, sum]) => [...cost(sum), ...key.split('\0'), String(sum.count)]);
  return formatRows([['ms', '%', 'op', 'backend', 'nodes'], ...rows]);
}

function cost({ milliseconds, fraction }: { milliseconds: number; fraction: number }): [string, string] {
  return [milliseconds.toFixed(4), (fraction * 100).toFixed(1)];
}

function chromeTrace(nodes: readonly NodeProfile[], spans: readonly NodeSpan[]): ChromeTrace {
  const traceEvents = spans.flatMap(({ node, start, duration }) => {
    const each = nodes[node];
    if (!each) return [];
    const { op, dtype, kernel, backend } = each;
    const args = { op, dtype, kernel, backend };
    return [
      {
        name: each.node,
        cat: op,
        ph: 'X' as const,
        ts: start * 1000,
        dur: duration * 1000,
        pid: 1,
        tid: 1,
        args,
      },
    ];
  });
  return { displayTimeUnit: 'ms', traceEvents };
}
