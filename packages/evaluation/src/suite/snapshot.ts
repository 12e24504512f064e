import { clipped } from '@octavo/core/tensor';
import * as v from 'valibot';
import { EvaluationError } from '../evaluation-error.js';
import { number, percent } from '../figure-text.js';
import { type GateResult, limited, type Measurements } from './gate.js';
import type { Suite } from './schema.js';

const finite = v.pipe(v.number(), v.finite());

const SNAPSHOT_SCHEMA = v.strictObject({
  /** Retention by metric: what both models score may change with the data, their ratio should not. */
  retention: v.record(v.string(), finite),
  bytes: v.pipe(finite, v.gtValue(0)),
  /** Median latency, quantized / original of the same run: machines differ, ratios less. */
  latencyRatio: v.pipe(finite, v.gtValue(0)),
});

/** Quality, size and latency of a model, to be committed. */
export type Snapshot = v.InferOutput<typeof SNAPSHOT_SCHEMA>;

const DEFAULTS = { quality: 0.005, size: 0.01, latency: 0.25 };

/** What to commit of a measurement; a retention that is no number is left out. */
export function takeSnapshot({ evaluations, performance }: Measurements): Snapshot {
  const { quantized, original } = performance;
  const kept = evaluations.map(({ metric, overall }): [string, number] => [
    metric,
    overall.original?.retention ?? Number.NaN,
  ]);
  return {
    retention: Object.fromEntries(kept.filter(([, retention]) => Number.isFinite(retention))),
    bytes: quantized.bytes,
    latencyRatio: quantized.latency.median / original.latency.median,
  };
}

/**
 * Reads a snapshot from JSON.
 * @throws EvaluationError `SNAPSHOT_INVALID`.
 */
export function parseSnapshot(text: string, where: string): Snapshot {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw badSnapshot(where, 'it is no JSON', cause);
  }
  const result = v.safeParse(SNAPSHOT_SCHEMA, json);
  if (result.success) return result.output;
  const [issue] = result.issues;
  throw badSnapshot(where, `${v.getDotPath(issue) ?? 'it'}: ${clipped(issue.message)}`);
}

/** Judges a measurement against a snapshot, by the tolerances of the suite; a metric that has gone fails. */
export function compareSnapshot(suite: Suite, snapshot: Snapshot, now: Snapshot): GateResult[] {
  const {
    quality = DEFAULTS.quality,
    size = DEFAULTS.size,
    latency = DEFAULTS.latency,
  } = suite.snapshot ?? {};
  const times = (value: number): string => `${number(value)}x`;
  const bytes = (value: number): string => `${Math.round(value)} bytes`;
  const retentions = Object.entries(snapshot.retention).map(([metric, before]) => {
    const after = now.retention[metric] ?? Number.NaN;
    const name = `${metric} retention since the snapshot`;
    return limited('snapshot', name, 'at least', after, before - quality, percent);
  });
  return [
    ...retentions,
    limited('snapshot', 'size since the snapshot', 'at most', now.bytes, snapshot.bytes * (1 + size), bytes),
    limited(
      'snapshot',
      'latency / original since the snapshot',
      'at most',
      now.latencyRatio,
      snapshot.latencyRatio * (1 + latency),
      times,
    ),
  ];
}

function badSnapshot(where: string, fault: string, cause?: unknown): EvaluationError {
  return new EvaluationError({
    code: 'SNAPSHOT_INVALID',
    where,
    message: `${fault.replace(/\.$/, '')}.`,
    remedy: 'Write it anew with --update-snapshot.',
    cause,
  });
}
