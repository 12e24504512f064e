import type { Evaluation } from '@octavo/evaluation';

/** The models that the demo compares. */
export type Variant = 'float' | 'int8';

/** Time of one valuation (a batch of one home). */
export interface Latency {
  readonly backend: string;
  readonly model: Variant;
  /** In microseconds. */
  readonly median: number;
  readonly p95: number;
  readonly runs: number;
  /** How many nodes each backend runs: a backend hands on what it has no kernel for. */
  readonly nodes: Readonly<Record<string, number>>;
}

/** A backend that this machine lacks, and why. */
export interface UnavailableBackend {
  readonly backend: string;
  readonly unavailable: string;
}

export type LatencyEntry = Latency | UnavailableBackend;

/** Whether a backend ran. */
export function isMeasured(entry: LatencyEntry): entry is Latency {
  return !('unavailable' in entry);
}

/** What both models say about one sale of the validation sample, in EUR. */
export interface Valuation {
  readonly price: number;
  readonly float: number;
  readonly int8: number;
}

/** How far the INT8 model's valuations are from the float model's, as fractions of the latter. */
export interface Agreement {
  readonly mean: number;
  readonly p95: number;
  readonly largest: number;
  /** Signal to quantization noise of the output ln(price), in dB. */
  readonly sqnr: number;
}

/** Where one node of the INT8 model runs on this machine. */
export interface Placement {
  readonly node: string;
  readonly op: string;
  readonly dtype: string;
  readonly backend: string;
  readonly kernel: string;
}

/** Everything that the demo found out; `report.json` holds it. */
export interface DemoReport {
  readonly machine: { readonly cpu: string; readonly platform: string; readonly node: string };
  readonly calibrationSamples: number;
  readonly observer: string;
  /** File sizes in bytes. */
  readonly sizes: Readonly<Record<Variant, number>>;
  /** MAPE of the INT8 model against the prices paid, paired with the float model's. */
  readonly evaluation: Evaluation;
  readonly agreement: Agreement;
  readonly latencies: readonly LatencyEntry[];
  readonly placements: readonly Placement[];
  /** Nodes that stayed float, and why. */
  readonly stayedFloat: readonly { readonly node: string; readonly because: string }[];
}
