import type { Metric } from '../metrics/index.js';
import { metricNamed } from '../metrics/index.js';
import { parseSegmentation, type Segmentation } from '../segments.js';
import type { Suite } from './schema.js';

/** Every metric against labels that a suite names, its first first. */
export function metricsOf(suite: Suite): Metric[] {
  const named = [
    ...(suite.metrics ?? []),
    ...(suite.accuracy ?? []).map(({ metric }) => metric),
    ...(suite.domain?.priceRange ?? []).map(({ metric }) => metric),
  ];
  return unique(named).map(metricNamed);
}

/** Every segmentation that a suite names, reported or judged. */
export function segmentationsOf(suite: Suite): (Segmentation & { readonly spec: string })[] {
  const gates = [...(suite.accuracy ?? []), ...(suite.fidelity ?? [])];
  const named = [
    ...(suite.segments ?? []),
    ...gates.flatMap(({ segments = [] }) => segments),
    ...(suite.domain?.priceRange ?? []).map(({ by }) => by),
    suite.domain?.geography?.region,
    suite.domain?.time?.period,
  ];
  return unique(named).map((spec) => ({ ...parseSegmentation(spec), spec }));
}

function unique(names: readonly (string | undefined)[]): string[] {
  return [...new Set(names.filter((name) => name !== undefined))];
}
