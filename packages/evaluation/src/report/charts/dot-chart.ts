import * as Plot from '@observablehq/plot';
import { axisLabel, type ChartOptions, COLORS, draw, marginFor, shortName } from './draw.js';

/** One number under a name. */
export interface NamedNumber {
  readonly name: string;
  readonly value: number;
}

/** Dots along an axis of names, in their order, as an SVG string; NaN and infinities leave a gap. */
export function dotChart(points: readonly NamedNumber[], options: ChartOptions): string {
  const names = points.map(({ name }) => name);
  const finite = points.filter(({ value }) => Number.isFinite(value));
  return draw(options, {
    height: 50 + 18 * points.length,
    marginLeft: marginFor(names),
    x: { grid: true, label: axisLabel(options.label, options.percent), percent: options.percent ?? false },
    y: { label: null, domain: names, tickFormat: shortName },
    marks: [
      Plot.ruleY(finite, { x1: 0, x2: 'value', y: 'name', stroke: COLORS[0] }),
      Plot.dot(finite, { x: 'value', y: 'name', fill: COLORS[1], r: 4 }),
    ],
  });
}
