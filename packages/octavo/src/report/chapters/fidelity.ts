import { type Evaluation, figureText, intervalText } from '@octavo/evaluation';
import type { Chapter } from '@octavo/evaluation/report';
import { leftOut } from './shown.js';

/** Rows of a table. */
const SHOWN = 40;

/** The columns of {@link fidelityRows} after the first. */
export function fidelityHeader(fidelity: readonly Evaluation[]): string[] {
  return ['samples', ...fidelity.flatMap(({ metric }) => [metric, '95% interval'])];
}

/** How close outputs are to the original's: a row of all samples and one of each segment, with the figures of every metric. */
export function fidelityRows(fidelity: readonly Evaluation[]): string[][] {
  const [first] = fidelity;
  if (!first) return [];
  const segments = first.segments.flatMap(({ by, segments: parts }, i) =>
    parts.map(({ name }, j) =>
      rowOf(
        `${by}: ${name}`,
        fidelity.map((each) => figureOf(each, each.segments[i]?.segments[j])),
      ),
    ),
  );
  return [
    rowOf(
      'all',
      fidelity.map((each) => figureOf(each, each.overall)),
    ),
    ...segments,
  ];
}

/** Closeness by segment; that of all samples is beside their accuracy. */
export function fidelityChapters(fidelity: readonly Evaluation[]): Chapter[] {
  const [, ...rows] = fidelityRows(fidelity);
  if (rows.length === 0) return [];
  const caption = 'SQNR, cosine and KL divergence of the outputs by segment';
  return [
    {
      title: 'Closeness to the original by segment',
      sections: [
        ...leftOut('segments', rows.length, SHOWN),
        {
          kind: 'table',
          caption,
          header: ['segment', ...fidelityHeader(fidelity)],
          rows: rows.slice(0, SHOWN),
        },
      ],
    },
  ];
}

type ShownFigure = readonly [samples: string, value: string, interval: string];

function figureOf({ unit }: Evaluation, figure: Evaluation['overall'] | undefined): ShownFigure {
  if (!figure) return ['', '', ''];
  const show = (value: number): string => figureText(value, unit);
  return [String(figure.count), show(figure.value), intervalText(figure.interval, show)];
}

function rowOf(name: string, figures: readonly ShownFigure[]): string[] {
  return [name, figures[0]?.[0] ?? '', ...figures.flatMap(([, value, interval]) => [value, interval])];
}
