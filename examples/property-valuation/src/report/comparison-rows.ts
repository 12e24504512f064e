import type { Evaluation, Figure } from '@octavo/evaluation';
import { percent, signedPercent } from './figures.js';

/** One line of the table that compares the two models. */
export interface ComparisonRow {
  readonly name: string;
  readonly cells: readonly string[];
}

/** A part of the table: all sales, or the segments of one segmentation. */
export interface ComparisonSection {
  readonly title: string;
  readonly rows: readonly ComparisonRow[];
}

export const comparisonHeader = [
  'sales',
  'float MAPE',
  'INT8 MAPE',
  'retention',
  'change',
  '95% interval of the change',
] as const;

/** The evaluation as sections of formatted rows, all sales first. */
export function comparisonSections(evaluation: Evaluation): readonly ComparisonSection[] {
  return [
    { title: 'all', rows: [rowOf('all sales', evaluation.overall)] },
    ...evaluation.segments.map(({ by, segments }) => ({
      title: by,
      rows: segments.map((segment) => rowOf(segment.name, segment)),
    })),
  ];
}

function rowOf(name: string, { count, value, original }: Figure): ComparisonRow {
  const cells = original
    ? [
        percent(original.value),
        percent(value),
        percent(original.retention),
        signedPercent(original.drop),
        `${signedPercent(original.interval.low)} to ${signedPercent(original.interval.high)}`,
      ]
    : ['', percent(value), '', '', ''];
  return { name, cells: [String(count), ...cells] };
}
