import type { ReportDocument, Section } from '@octavo/evaluation/report';
import type { Budget, Coverage, MixedPoint, QuantizationReport } from '@octavo/quantizer';
import { formatBytes } from '../cli/table.js';
import { measuredChapters } from './chapters/index.js';
import type { MeasuredModels } from './measured.js';

/** A model that the search made and measured. */
export interface MeasuredPoint extends Omit<MixedPoint, 'model' | 'report'> {
  /** Whether no other point is as good in size, time and quality and better in one of them. */
  readonly onFront: boolean;
  /** Why it does not meet the budget; null where it does. */
  readonly exceeds: string | null;
}

/** What a search for mixed precision found, and the files that it read and wrote. */
export interface MixedRun {
  readonly input: string;
  /** null when nothing meets the budget. */
  readonly output: string | null;
  readonly metric: string;
  readonly validation: string;
  readonly calibration: string;
  readonly budget: Budget;
  /** The original's metric, and its bytes on disk with external data. */
  readonly original: { readonly value: number; readonly bytes: number };
  readonly bytesAfter: number | null;
  /** Every model measured, smallest file first. */
  readonly points: readonly MeasuredPoint[];
  /** Index of the point whose model was written. */
  readonly chosen: number | null;
  readonly warnings: readonly string[];
  /** Where the validation data lie beyond the calibration set; null without one. */
  readonly coverage: Coverage | null;
  /** How the chosen model was quantized. */
  readonly quantization: QuantizationReport | null;
}

/** A budget in words. */
export function describeBudget({ bytes, milliseconds, latencyRatio, minRetention }: Budget): string {
  return [
    ...(bytes === undefined ? [] : [`a file of ${formatBytes(bytes)}`]),
    ...(milliseconds === undefined ? [] : [`${milliseconds} ms a run`]),
    ...(latencyRatio === undefined ? [] : [`${latencyRatio}x the original's time`]),
    ...(minRetention === undefined ? [] : [`${percent(minRetention)} of the metric`]),
  ].join(', ');
}

/** How many layers have each precision, e.g. `12 w8a8, 3 float`. */
export function describeLayers({ layers }: Pick<MixedPoint, 'layers'>): string {
  const counts = new Map<string, number>();
  for (const precision of Object.values(layers)) counts.set(precision, (counts.get(precision) ?? 0) + 1);
  return [...counts].map(([precision, count]) => `${count} ${precision}`).join(', ');
}

export const FRONT_HEADER = ['size', 'metric', 'retention', 'ms', 'time', 'layers', 'over the budget'];

/** A point as cells of a table under {@link FRONT_HEADER}. */
export function frontCells(point: MeasuredPoint): string[] {
  const { figures, exceeds } = point;
  const [latency] = figures.latency;
  return [
    formatBytes(figures.bytes),
    figures.quality.value.toPrecision(5),
    percent(figures.retention),
    latency ? latency.median.toFixed(3) : '',
    figures.latency.map(({ ratio }) => `${ratio.toFixed(2)}x`).join(', '),
    describeLayers(point),
    exceeds ?? '',
  ];
}

/** The report of a run, and of what was measured of its result. */
export function describeMixed(run: MixedRun, measured: MeasuredModels | null): ReportDocument {
  const warnings = run.warnings.map((text): Section => ({ kind: 'text', text: `Warning: ${text}` }));
  return {
    title: `Mixed precision of ${run.input}`,
    chapters: [
      { title: 'Result', sections: [factsOf(run), ...warnings] },
      { title: 'Pareto front', sections: [tableOf(run), ...chartsOf(run)] },
      ...(measured ? measuredChapters(measured) : []),
      ...(run.chosen === null ? [] : [{ title: 'Precision of each layer', sections: [layersOf(run)] }]),
    ],
  };
}

function factsOf({ budget, metric, original, points, chosen, bytesAfter }: MixedRun): Section {
  const point = chosen === null ? undefined : points[chosen];
  const size = bytesAfter === null ? '' : ` to ${formatBytes(bytesAfter)}`;
  return {
    kind: 'facts',
    facts: [
      ['kept', point ? describeLayers(point) : 'nothing meets the budget'],
      ['budget', describeBudget(budget)],
      ['metric', `${metric}, ${original.value.toPrecision(5)} for the original`],
      ['size', `${formatBytes(original.bytes)}${size}`],
    ],
  };
}

function tableOf({ points, chosen }: MixedRun): Section {
  const rows = points.map((point, index) => [
    String(index + 1),
    outcomeOf(point, index === chosen),
    ...frontCells(point),
  ]);
  return {
    kind: 'table',
    caption: 'Models measured, smallest first',
    header: ['', 'outcome', ...FRONT_HEADER],
    rows,
  };
}

function outcomeOf({ onFront }: MixedRun['points'][number], isChosen: boolean): string {
  if (isChosen) return 'chosen';
  return onFront ? 'on the front' : 'beaten';
}

function chartsOf({ points, chosen }: MixedRun): Section[] {
  const dots = points.map((point, index) => ({
    name: String(index + 1),
    x: point.figures.bytes / 1e6,
    y: point.figures.retention,
    group: outcomeOf(point, index === chosen),
  }));
  return [
    {
      kind: 'scatter',
      points: dots,
      joined: ['chosen', 'on the front'],
      label: 'size of the file, MB',
      yLabel: 'retention',
      percent: true,
      description:
        'Share of the original metric that each model keeps, by the size of its file; the line is the front of size, time and quality, numbers are those of the table.',
    },
    {
      kind: 'dots',
      points: points.map(({ figures }, index) => ({
        name: `${index + 1}: ${formatBytes(figures.bytes)}`,
        value: figures.latency[0]?.ratio ?? Number.NaN,
      })),
      label: 'time relative to the original',
      description: 'Median time of each model over that of the original, in turns on the first target.',
    },
  ];
}

function layersOf({ points, chosen }: MixedRun): Section {
  const rows = Object.entries(points[chosen ?? 0]?.layers ?? {}).map(([layer, precision]) => [
    layer,
    precision,
  ]);
  return { kind: 'table', caption: 'Precision of each layer', header: ['layer', 'precision'], rows };
}

function percent(share: number): string {
  return `${(100 * share).toFixed(2)}%`;
}
