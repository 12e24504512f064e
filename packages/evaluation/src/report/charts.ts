import * as Plot from '@observablehq/plot';
import { parseHTML } from 'linkedom';

/** One bar: a name, and a number for each series. */
export interface BarGroup {
  readonly name: string;
  readonly values: Readonly<Record<string, number>>;
}

export interface ChartOptions {
  /** What the numbers are, for the axis. */
  readonly label: string;
  /** Read aloud by screen readers. */
  readonly description: string;
  /** Share numbers are shown as percent. */
  readonly percent?: boolean;
}

const COLORS = ['#8a8f98', '#2458b3', '#b3542d', '#3c8d5a'];

/** Horizontal bars, one row a group and one bar a series, as an SVG string; NaN and infinities leave a gap. */
export function barChart(groups: readonly BarGroup[], options: ChartOptions): string {
  const series = [...new Set(groups.flatMap((group) => Object.keys(group.values)))];
  const bars = groups
    .flatMap((group) =>
      Object.entries(group.values).map(([name, value]) => ({ group: group.name, name, value })),
    )
    .filter(({ value }) => Number.isFinite(value));
  return draw(options, {
    height: 40 + groups.length * (14 * series.length + 10),
    marginLeft: 40 + 7 * Math.max(0, ...groups.map((group) => group.name.length)),
    x: { grid: true, label: options.label, percent: options.percent ?? false, zero: true },
    y: { axis: null, domain: series },
    fy: { label: null, domain: groups.map((group) => group.name), padding: 0.15 },
    color: { domain: series, range: COLORS, legend: false },
    marks: [
      Plot.barX(bars, { x: 'value', y: 'name', fy: 'group', fill: 'name' }),
      Plot.axisFy({ anchor: 'left', label: null, fontSize: 11 }),
      Plot.ruleX([0]),
    ],
  });
}

/** Dots along an axis of names, worst first, as an SVG string; NaN and infinities leave a gap. */
export function dotChart(
  points: readonly { readonly name: string; readonly value: number }[],
  options: ChartOptions,
): string {
  const finite = points.filter(({ value }) => Number.isFinite(value));
  return draw(options, {
    height: 40 + 18 * points.length,
    marginLeft: 40 + 6.5 * Math.max(0, ...points.map((point) => point.name.length)),
    x: { grid: true, label: options.label, percent: options.percent ?? false },
    y: { label: null, domain: points.map((point) => point.name) },
    marks: [
      Plot.ruleY(finite, { x1: 0, x2: 'value', y: 'name', stroke: COLORS[0] ?? '' }),
      Plot.dot(finite, { x: 'value', y: 'name', fill: COLORS[1] ?? '', r: 4 }),
    ],
  });
}

/** A plot as an SVG string. */
export function draw(options: ChartOptions, plot: Plot.PlotOptions): string {
  const { document } = parseHTML('<!doctype html><html><body></body></html>');
  const figure = Plot.plot({
    width: 760,
    style: { background: 'none', fontFamily: 'inherit', fontSize: '12px' },
    ariaLabel: options.description,
    ...plot,
    document,
  });
  figure.setAttribute('role', 'img');
  figure.setAttribute('xmlns', 'http://www.w3.org/2000/svg');
  return figure.outerHTML;
}

/** The legend of a bar chart, as HTML. */
export function legend(series: readonly string[], encode: (text: string) => string): string {
  const keys = series.map(
    (name, i) =>
      `<span class="key"><span class="swatch" style="background:${COLORS[i % COLORS.length]}"></span>${encode(name)}</span>`,
  );
  return `<p class="legend">${keys.join(' ')}</p>`;
}
