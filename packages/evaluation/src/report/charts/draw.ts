import * as Plot from '@observablehq/plot';
import { parseHTML } from 'linkedom';

/** What every chart is told. */
export interface ChartOptions {
  /** What the numbers are, for the axis. */
  readonly label: string;
  /** Read aloud by screen readers. */
  readonly description: string;
  /** Share numbers are shown as percent. */
  readonly percent?: boolean;
}

/** Colours of the series, in order; they can be told apart without colour vision, on white and on black. */
export const COLORS = ['#8a8f98', '#3d72d0', '#c4632f', '#3c9460', '#a05bb5', '#b8982b'] as const;

/** The label of an axis, with its unit. */
export function axisLabel(label: string, percent = false): string {
  return percent ? `${label}, %` : label;
}

/** An SVG document of a plot, with its description as the title. */
export function draw(options: ChartOptions, plot: Plot.PlotOptions): string {
  const { document } = parseHTML('<!doctype html><html><body></body></html>');
  const figure = Plot.plot({
    width: 760,
    marginBottom: 40,
    style: { background: 'none', fontFamily: 'inherit', fontSize: '12px' },
    ariaLabel: options.description,
    ...plot,
    document,
  });
  // As an element of HTML a title would be written without escaping its text.
  const title = document.createElementNS('http://www.w3.org/2000/svg', 'title');
  title.textContent = options.description;
  figure.prepend(title);
  figure.setAttribute('role', 'img');
  figure.setAttribute('xmlns', 'http://www.w3.org/2000/svg');
  return figure.outerHTML;
}

/** The legend of a chart of several series, as HTML. */
export function legend(series: readonly string[], encode: (text: string) => string): string {
  const keys = series.map(
    (name, i) =>
      `<span class="key"><span class="swatch" style="background:${COLORS[i % COLORS.length]}"></span>${encode(name)}</span>`,
  );
  return `<p class="legend">${keys.join(' ')}</p>`;
}

/** Characters of a name that a chart has room for beside its marks. */
const NAME_LENGTH = 48;

/** Of longer names the end is kept, which tells nodes of one block apart, and the beginning. */
const NAME_START = 14;

/** A name as charts write it. */
export function shortName(name: string): string {
  if (name.length <= NAME_LENGTH) return name;
  return `${name.slice(0, NAME_START)}\u2026${name.slice(NAME_START + 1 - NAME_LENGTH)}`;
}

/** Room for names at the left of a chart. */
export function marginFor(names: readonly string[]): number {
  return 40 + 7 * Math.max(0, ...names.map((name) => shortName(name).length));
}
