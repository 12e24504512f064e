import type { Valuation } from './demo-report.js';

const size = 420;
const margin = 52;

/** Prices paid (across) against INT8 valuations (up), both on logarithmic axes, as an SVG element. */
export function scatterChart(valuations: readonly Valuation[]): string {
  const all = valuations.flatMap(({ price, int8 }) => [price, int8]);
  const low = Math.floor(Math.log10(Math.min(...all)));
  const high = Math.ceil(Math.log10(Math.max(...all)));
  const place = (value: number): number =>
    margin + ((Math.log10(value) - low) / (high - low)) * (size - margin - 12);
  const across = (value: number): string => place(value).toFixed(1);
  const up = (value: number): string => (size - place(value)).toFixed(1);
  const ticks = Array.from({ length: high - low + 1 }, (_, index) => 10 ** (low + index));
  const grid = ticks.map(
    (tick) =>
      `<line class="grid" x1="${across(tick)}" x2="${across(tick)}" y1="12" y2="${size - margin}"/>` +
      `<line class="grid" x1="${margin}" x2="${size - 12}" y1="${up(tick)}" y2="${up(tick)}"/>` +
      `<text class="tick" x="${across(tick)}" y="${size - margin + 16}" text-anchor="middle">${euros(tick)}</text>` +
      `<text class="tick" x="${margin - 6}" y="${Number(up(tick)) + 4}" text-anchor="end">${euros(tick)}</text>`,
  );
  const points = valuations.map(
    ({ price, int8 }) => `<circle class="int8" cx="${across(price)}" cy="${up(int8)}" r="2"/>`,
  );
  const [first = 1, last = 10] = [ticks[0], ticks.at(-1)];
  return (
    `<svg viewBox="0 0 ${size} ${size}" role="img" aria-label="INT8 valuations against prices paid">${grid.join('')}` +
    `<line class="axis" x1="${across(first)}" y1="${up(first)}" x2="${across(last)}" y2="${up(last)}"/>` +
    `<g opacity="0.55">${points.join('')}</g>` +
    `<text class="tick" x="${size / 2}" y="${size - 14}" text-anchor="middle">price paid, EUR</text>` +
    `<text class="tick" x="14" y="${size / 2}" text-anchor="middle" transform="rotate(-90 14 ${size / 2})">INT8 valuation, EUR</text></svg>`
  );
}

function euros(value: number): string {
  return value >= 1e6 ? `${value / 1e6}M` : `${value / 1e3}k`;
}
