import { type Budget, MIXED_DEFAULTS, PRECISIONS, type PrecisionName } from '@octavo/quantizer';
import { InvalidArgumentError, Option } from 'commander';
import { listOption, share, wholeNumber } from '../arguments.js';
import { DEFAULT_RETENTION } from './search-flags.js';

/** Flags of `--mode mixed`. */
export interface MixedFlags {
  readonly budget?: Budget;
  readonly points: number;
  readonly precisions: readonly PrecisionName[];
}

export function mixedOptions(): Option[] {
  const names = Object.keys(PRECISIONS) as PrecisionName[];
  return [
    new Option(
      '--budget <limit>',
      `mixed: size=2MB, latency=5ms, latency=0.8x or accuracy=0.99 (repeatable; default: accuracy=${DEFAULT_RETENTION})`,
    ).argParser<Budget | undefined>((text, before) => ({ ...before, ...limitNamed(text) })),
    new Option(
      '--points <n>',
      'mixed: models to make and measure: all layers in each precision, then along the predicted front',
    )
      .argParser(wholeNumber(1))
      .default(MIXED_DEFAULTS.points),
    listOption(
      '--precisions <list>',
      `mixed: what layers may be, of ${names.join(', ')}`,
      names,
      String,
      MIXED_DEFAULTS.precisions,
    ),
  ];
}

/** What `--budget` limits. */
const LIMITS: Readonly<Record<string, (text: string) => Budget>> = {
  size: (text) => ({ bytes: bytes(text) }),
  latency: (text) =>
    text.endsWith('x')
      ? { latencyRatio: positive(text.slice(0, -1)) }
      : { milliseconds: positive(text.replace(/ms$/, '')) },
  accuracy: (text) => ({ minRetention: share(text) }),
};

function limitNamed(text: string): Budget {
  const [name = '', value = '', ...rest] = text.split('=');
  const read = Object.hasOwn(LIMITS, name) ? LIMITS[name] : undefined;
  if (read && rest.length === 0) return read(value.trim());
  throw new InvalidArgumentError('Expected size=2MB, latency=5ms, latency=0.8x or accuracy=0.99.');
}

const UNITS: Readonly<Record<string, number>> = { '': 1, B: 1, KB: 1e3, MB: 1e6, GB: 1e9 };

function bytes(text: string): number {
  const [, number = '', unit = ''] = /^([0-9.]+) *([KMG]?B)?$/i.exec(text) ?? [];
  return Math.floor(positive(number) * (UNITS[unit.toUpperCase()] ?? Number.NaN));
}

function positive(text: string): number {
  const number = Number(text);
  if (text.trim() !== '' && number > 0 && Number.isFinite(number)) return number;
  throw new InvalidArgumentError('Expected a number above 0, such as size=2MB or latency=5ms.');
}
