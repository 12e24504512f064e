import { number } from '../../figure-text.js';
import type { PerformanceComparison } from '../../performance.js';
import { type Gate, limited } from '../gate.js';
import type { PerformanceGate } from '../schema.js';

interface PerformanceLimit {
  readonly name: string;
  readonly side: 'at least' | 'at most';
  readonly unit: string;
  /** NaN when it was not measured, which passes no limit. */
  of(performance: PerformanceComparison): number;
}

const times = (value: number | null, other: number | null): number =>
  value === null || other === null ? Number.NaN : value / other;

const LIMITS: Readonly<Record<keyof PerformanceGate, PerformanceLimit>> = {
  minSpeedup: {
    name: 'speed-up (median latency)',
    side: 'at least',
    unit: 'x',
    of: ({ quantized, original }) => times(original.latency.median, quantized.latency.median),
  },
  minThroughputRatio: {
    name: 'throughput ratio',
    side: 'at least',
    unit: 'x',
    of: ({ quantized, original }) => times(quantized.latency.throughput, original.latency.throughput),
  },
  maxLatencyMs: {
    name: 'median latency',
    side: 'at most',
    unit: ' ms',
    of: ({ quantized }) => quantized.latency.median,
  },
  maxP95Ms: {
    name: '95th percentile of latency',
    side: 'at most',
    unit: ' ms',
    of: ({ quantized }) => quantized.latency.p95,
  },
  maxSizeRatio: {
    name: 'size ratio',
    side: 'at most',
    unit: 'x',
    of: ({ quantized, original }) => times(quantized.bytes, original.bytes),
  },
  maxMemoryRatio: {
    name: 'peak memory ratio',
    side: 'at most',
    unit: 'x',
    of: ({ quantized, original }) => times(quantized.peakMemory, original.peakMemory),
  },
};

const LIMIT_NAMES = Object.keys(LIMITS) as (keyof PerformanceGate)[];

/** Limits of latency, throughput, size and memory; what could not be measured fails. */
export const performanceGates: Gate = (suite, { performance }) =>
  LIMIT_NAMES.flatMap((key) => {
    const limit = suite.performance?.[key];
    if (limit === undefined) return [];
    const { name, side, unit, of } = LIMITS[key];
    const show = (value: number): string =>
      Number.isNaN(value) ? 'not measured' : `${number(value)}${unit}`;
    return [limited('performance', name, side, of(performance), limit, show)];
  });
