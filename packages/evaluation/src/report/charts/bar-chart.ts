import * as Plot from '@observablehq/plot';
import { axisLabel, type ChartOptions, COLORS, draw, marginFor, shortName } from './draw.js';

/** One bar: a name, and a number for each series. */
export interface BarGroup {
  readonly name: string;
  readonly values: Readonly<Record<string, number>>;
}

/** The series of some groups, in the order of their first mention. */
export function seriesOf(groups: readonly BarGroup[]): string[] {
  return [...new Set(groups.flatMap((group) => Object.keys(group.values)))];
}

/** Horizontal bars, one row a group and one bar a series, as an SVG string; NaN and infinities leave a gap. */
export function barChart(groups: readonly BarGroup[], options: ChartOptions): string {
  const series = seriesOf(groups);
  return draw(options, {
    height: 50 + groups.length * (14 * series.length + 10),
    marginLeft: marginFor(groups.map(({ name }) => name)),
    x: {
      grid: true,
      label: axisLabel(options.label, options.percent),
      percent: options.percent ?? false,
      zero: true,
    },
    y: { axis: null, domain: series },
    fy: { label: null, domain: groups.map((group) => group.name), padding: 0.15 },
    color: { domain: series, range: COLORS, legend: false },
    marks: [
      Plot.barX(barsOf(groups), { x: 'value', y: 'name', fy: 'group', fill: 'name' }),
      Plot.axisFy({ anchor: 'left', label: null, fontSize: 11, tickFormat: shortName }),
      Plot.ruleX([0]),
    ],
  });
}

/** Horizontal bars, one a group, whose parts are the series, as an SVG string; NaN and infinities count as 0. */
export function stackChart(groups: readonly BarGroup[], options: ChartOptions): string {
  const series = seriesOf(groups);
  const names = groups.map(({ name }) => name);
  return draw(options, {
    height: 50 + 20 * groups.length,
    marginLeft: marginFor(names),
    x: { label: axisLabel(options.label, options.percent), percent: options.percent ?? false },
    y: { label: null, domain: names, tickFormat: shortName },
    color: { domain: series, range: COLORS, legend: false },
    marks: [
      Plot.barX(barsOf(groups), Plot.stackX({ x: 'value', y: 'group', fill: 'name', order: series })),
      Plot.ruleX([0]),
    ],
  });
}

function barsOf(groups: readonly BarGroup[]): { group: string; name: string; value: number }[] {
  return groups
    .flatMap((group) =>
      Object.entries(group.values).map(([name, value]) => ({ group: group.name, name, value })),
    )
    .filter(({ value }) => Number.isFinite(value));
}
