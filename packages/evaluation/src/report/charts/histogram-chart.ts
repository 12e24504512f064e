import * as Plot from '@observablehq/plot';
import type { RealRange } from '@octavo/core/quant';
import type { Bins } from '../../stability/index.js';
import { type ChartOptions, COLORS, draw } from './draw.js';

export interface HistogramOptions extends ChartOptions {
  /** What the integers can stand for; drawn behind the counts. */
  readonly range?: RealRange | undefined;
}

/** Counts over bins, their axis a square root so that rare values show, as an SVG string. */
export function histogramChart({ edges, counts }: Bins, options: HistogramOptions): string {
  const range = options.range;
  const heights = [...counts, 0];
  const points = edges.map((x, i) => ({ x, count: heights[i] ?? 0 }));
  const shown = edges.length > 0 ? [edges[0] ?? 0, edges.at(-1) ?? 0] : [];
  const limits = range ? [range.min, range.max] : [];
  const finite = [...shown, ...limits].filter(Number.isFinite);
  return draw(options, {
    width: 360,
    height: 140,
    marginLeft: 48,
    x: { label: options.label, ticks: 5, domain: [Math.min(0, ...finite), Math.max(0, ...finite)] },
    y: { type: 'sqrt', label: 'count', ticks: 3, tickFormat: 's', domain: [0, Math.max(1, ...counts)] },
    marks: [
      ...(range ? [Plot.rectX([range], { x1: 'min', x2: 'max', fill: COLORS[0], fillOpacity: 0.22 })] : []),
      Plot.areaY(points, { x: 'x', y: 'count', curve: 'step-after', fill: COLORS[1] }),
      Plot.ruleX(limits, { stroke: COLORS[2], strokeDasharray: '4 3' }),
      Plot.ruleY([0]),
    ],
  });
}
