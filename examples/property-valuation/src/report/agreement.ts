import { measureError } from '@octavo/core/quant';
import type { Agreement, Valuation } from './demo-report.js';

/** Compares the two models' valuations; at least one is needed, all positive. */
export function measureAgreement(valuations: readonly Valuation[]): Agreement {
  const gaps = valuations
    .map(({ float, int8 }) => Math.abs(int8 - float) / float)
    .sort((left, right) => left - right);
  return {
    mean: gaps.reduce((sum, gap) => sum + gap, 0) / gaps.length,
    p95: gaps[Math.floor(0.95 * (gaps.length - 1))] ?? Number.NaN,
    largest: gaps.at(-1) ?? Number.NaN,
    sqnr: measureError(
      Float64Array.from(valuations, ({ float }) => Math.log(float)),
      Float64Array.from(valuations, ({ int8 }) => Math.log(int8)),
    ).sqnr,
  };
}
