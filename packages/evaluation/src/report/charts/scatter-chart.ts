import * as Plot from '@observablehq/plot';
import { axisLabel, type ChartOptions, COLORS, draw } from './draw.js';

/** One model among others, by two figures. */
export interface ScatterPoint {
  /** Drawn beside the dot; keep it short. */
  readonly name: string;
  readonly x: number;
  readonly y: number;
  /** One of the series, e.g. `chosen`. */
  readonly group: string;
}

export interface ScatterOptions extends ChartOptions {
  /** What the vertical axis counts; `label` is of the horizontal one, `percent` of the vertical one. */
  readonly yLabel: string;
  /** Groups that a line joins, from left to right. */
  readonly joined?: readonly string[];
}

/** The groups of some points, in the order of their first mention. */
export function groupsOf(points: readonly ScatterPoint[]): string[] {
  return [...new Set(points.map(({ group }) => group))];
}

/** Dots in a plane with their names, as an SVG string; points with NaN or infinities are left out. */
export function scatterChart(points: readonly ScatterPoint[], options: ScatterOptions): string {
  const { joined = [], label, yLabel, percent = false } = options;
  const finite = points.filter(({ x, y }) => Number.isFinite(x) && Number.isFinite(y));
  const front = finite.filter(({ group }) => joined.includes(group)).sort((a, b) => a.x - b.x);
  return draw(options, {
    height: 360,
    marginLeft: 56,
    inset: 24,
    x: { grid: true, label, nice: true },
    y: { grid: true, label: axisLabel(yLabel, percent), percent, nice: true },
    color: { domain: groupsOf(points), range: COLORS, legend: false },
    marks: [
      Plot.line(front, { x: 'x', y: 'y', stroke: COLORS[0], strokeDasharray: '4 3' }),
      Plot.dot(finite, { x: 'x', y: 'y', fill: 'group', r: 5 }),
      Plot.text(finite, { x: 'x', y: 'y', text: 'name', dy: -11, fontSize: 11 }),
    ],
  });
}
