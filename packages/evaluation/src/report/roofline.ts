import * as Plot from '@observablehq/plot';
import { draw } from './charts/index.js';

/** Something that ran at `gops` 10^9 operations a second, with `intensity` operations a byte. */
export interface RooflinePoint {
  readonly series: string;
  readonly name: string;
  readonly intensity: number;
  readonly gops: number;
}

export interface RooflineOptions {
  /** 10^9 operations a second that the machine makes at most; 0 draws no limit. */
  readonly peak: number;
  /** 10^9 bytes a second that it reads at most; 0 draws no limit. */
  readonly bandwidth: number;
  /** Read aloud by screen readers. */
  readonly description: string;
}

const SERIES_COLORS = ['#8a8f98', '#2458b3'];

/**
 * Operations a second over operations a byte, both logarithmic, under the limits of the machine, as an SVG string
 * (S. Williams, A. Waterman, D. Patterson: Roofline, Communications of the ACM 52(4), 2009).
 */
export function rooflineChart(points: readonly RooflinePoint[], options: RooflineOptions): string {
  const { peak, bandwidth, description } = options;
  const intensities = points.map(({ intensity }) => intensity);
  const [low, high] = [Math.min(...intensities) / 2, Math.max(...intensities) * 2];
  const limits: Plot.Markish[] = [];
  if (peak > 0) limits.push(Plot.ruleY([peak], { strokeDasharray: '4 3' }));
  if (peak > 0 && bandwidth > 0) {
    const end = Math.min(high, peak / bandwidth);
    const slope = [low, end].map((intensity) => ({ intensity, gops: intensity * bandwidth }));
    limits.push(Plot.line(slope, { x: 'intensity', y: 'gops', strokeDasharray: '4 3' }));
  }
  return draw(
    { label: 'operations a byte', description },
    {
      height: 460,
      marginLeft: 60,
      x: { type: 'log', grid: true, label: 'operations a byte', domain: [low, high] },
      y: { type: 'log', grid: true, label: '10^9 operations a second' },
      color: { domain: [...new Set(points.map(({ series }) => series))], range: SERIES_COLORS },
      marks: [
        ...limits,
        Plot.dot(points, {
          x: 'intensity',
          y: 'gops',
          stroke: 'series',
          r: 3.5,
          title: ({ series, name, gops }: RooflinePoint) => `${name}, ${series}: ${gops.toFixed(1)} GOPS`,
        }),
      ],
    },
  );
}
