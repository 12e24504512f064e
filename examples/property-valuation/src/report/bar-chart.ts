import type { Variant } from './demo-report.js';
import { escapeHtml } from './escape-html.js';

/** A named group of bars, one for each model. */
export interface BarGroup {
  readonly name: string;
  readonly bars: readonly { readonly variant: Variant; readonly value: number; readonly label: string }[];
}

const width = 560;
const nameWidth = 130;
const labelWidth = 80;
const barHeight = 12;
const groupGap = 10;

/** Horizontal bars from 0 as an SVG element, with the value written beside each; values are >= 0. */
export function barChart(title: string, groups: readonly BarGroup[]): string {
  const largest = Math.max(...groups.flatMap(({ bars }) => bars.map(({ value }) => value)), 0);
  const scale = largest > 0 ? (width - nameWidth - labelWidth) / largest : 0;
  let top = groupGap;
  const parts = groups.map((group) => {
    const drawn = drawGroup(group, top, scale);
    top += group.bars.length * barHeight + groupGap;
    return drawn;
  });
  return (
    `<svg viewBox="0 0 ${width} ${top}" role="img" aria-label="${escapeHtml(title)}">` +
    `${parts.join('')}<line class="axis" x1="${nameWidth}" x2="${nameWidth}" y1="0" y2="${top}"/></svg>`
  );
}

function drawGroup({ name, bars }: BarGroup, top: number, scale: number): string {
  const middle = top + (bars.length * barHeight) / 2;
  const drawn = bars.map(({ variant, value, label }, index) => {
    const y = top + index * barHeight;
    const length = (value * scale).toFixed(1);
    return (
      `<rect class="${variant}" x="${nameWidth}" y="${y + 1}" width="${length}" height="${barHeight - 2}" rx="2">` +
      `<title>${escapeHtml(`${name}, ${variant}: ${label}`)}</title></rect>` +
      `<text class="value" x="${(nameWidth + 6 + value * scale).toFixed(1)}" y="${y + 10}">${escapeHtml(label)}</text>`
    );
  });
  return `<text class="name" x="${nameWidth - 8}" y="${middle + 4}">${escapeHtml(name)}</text>${drawn.join('')}`;
}
