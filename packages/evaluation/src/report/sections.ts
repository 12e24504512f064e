import type { RealRange } from '@octavo/core/quant';
import type { Bins } from '../stability/index.js';
import {
  type BarGroup,
  barChart,
  type ChartOptions,
  dotChart,
  groupsOf,
  histogramChart,
  legend,
  type NamedNumber,
  type ScatterOptions,
  type ScatterPoint,
  scatterChart,
  seriesOf,
  stackChart,
} from './charts/index.js';
import { escapeHtml } from './escape-html.js';

/** One of the small charts of a section of histograms. */
export interface NamedHistogram {
  readonly name: string;
  readonly bins: Bins;
  readonly range?: RealRange | undefined;
  /** Figures in one line, under the chart. */
  readonly note: string;
}

/** A part of a report. */
export type Section =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'facts'; readonly facts: readonly (readonly [name: string, value: string])[] }
  | TableSection
  | ({ readonly kind: 'bars' | 'stacks'; readonly groups: readonly BarGroup[] } & ChartOptions)
  | ({ readonly kind: 'dots'; readonly points: readonly NamedNumber[] } & ChartOptions)
  | ({ readonly kind: 'scatter'; readonly points: readonly ScatterPoint[] } & ScatterOptions)
  | ({ readonly kind: 'histograms'; readonly charts: readonly NamedHistogram[] } & ChartOptions);

interface TableSection {
  readonly kind: 'table';
  readonly caption: string;
  readonly header: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

export function renderSection(section: Section): string {
  switch (section.kind) {
    case 'text':
      return `<p>${escapeHtml(section.text)}</p>`;
    case 'facts':
      return `<dl>${section.facts.map(([name, value]) => `<dt>${escapeHtml(name)}</dt><dd>${escapeHtml(value)}</dd>`).join('')}</dl>`;
    case 'table':
      return renderTable(section);
    case 'bars':
      return figure(
        legend(seriesOf(section.groups), escapeHtml) + barChart(section.groups, section),
        section.description,
      );
    case 'stacks':
      return figure(
        legend(seriesOf(section.groups), escapeHtml) + stackChart(section.groups, section),
        section.description,
      );
    case 'dots':
      return figure(dotChart(section.points, section), section.description);
    case 'scatter':
      return figure(
        legend(groupsOf(section.points), escapeHtml) + scatterChart(section.points, section),
        section.description,
      );
    case 'histograms':
      return renderHistograms(section.charts, section);
  }
}

function figure(content: string, caption: string): string {
  return `<figure>${content}<figcaption>${escapeHtml(caption)}</figcaption></figure>`;
}

function renderHistograms(charts: readonly NamedHistogram[], options: ChartOptions): string {
  const figures = charts.map(({ name, bins, range, note }) => {
    const description = `${name}: ${options.description} ${note}`;
    const caption = `<figcaption><b>${escapeHtml(name)}</b> ${escapeHtml(note)}</figcaption>`;
    return `<figure>${histogramChart(bins, { ...options, description, range })}${caption}</figure>`;
  });
  return `<p>${escapeHtml(options.description)}</p><div class="grid">${figures.join('\n')}</div>`;
}

/** A number with its unit, or an interval of two. */
const NUMERIC =
  /^$|^NaN$|^-?Infinity$|^equal$|^not measured$|^([-+]?[0-9][0-9.,]*(e[-+]?[0-9]+)?( ?(%|x|dB|ms|s|B|KB|MB|GB|\/s))?( \.\. (?=.)|$)){1,2}$/;

/** Wide tables scroll by themselves; the region can be reached with the keyboard. */
function renderTable({ caption, header, rows }: TableSection): string {
  const numeric = header.map(
    (_, column) => rows.length > 0 && rows.every((row) => NUMERIC.test(row[column] ?? '')),
  );
  const cell = (tag: string, text: string, column: number): string =>
    `<${tag}${numeric[column] ? ' class="number"' : ''}${tag === 'th' ? ' scope="col"' : ''}>${escapeHtml(text)}</${tag}>`;
  const head = header.map((text, column) => cell('th', text, column)).join('');
  const body = rows
    .map((row) => `<tr>${row.map((text, column) => cell('td', text, column)).join('')}</tr>`)
    .join('\n');
  const table = `<table><caption>${escapeHtml(caption)}</caption><thead><tr>${head}</tr></thead><tbody>\n${body}\n</tbody></table>`;
  return `<div class="scroll" role="region" tabindex="0" aria-label="${escapeHtml(caption)}">${table}</div>`;
}
