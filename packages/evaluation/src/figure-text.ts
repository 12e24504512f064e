import type { Interval } from './bootstrap.js';
import type { Summary } from './metrics/index.js';

/** A share as percent. */
export function percent(value: number): string {
  return Number.isFinite(value) ? `${(100 * value).toFixed(2)}%` : String(value);
}

/** A figure in its metric's unit, for people. */
export function figureText(value: number, unit: Summary['unit']): string {
  if (unit === '%') return percent(value);
  if (unit === 'dB' && Number.isFinite(value)) return `${value.toFixed(1)} dB`;
  return number(value);
}

/** Five significant digits, without an exponent where that is short. */
export function number(value: number): string {
  if (!Number.isFinite(value)) return String(value);
  const size = Math.abs(value);
  if (size !== 0 && (size < 1e-4 || size >= 1e9)) return value.toExponential(3);
  return String(Number(value.toPrecision(5)));
}

/** An interval, or why there is none: too few samples, or a figure that no draw of them defines. */
export function intervalText({ low, high }: Interval, show: (value: number) => string): string {
  return Number.isNaN(low) ? 'none' : `${show(low)} .. ${show(high)}`;
}
