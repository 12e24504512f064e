import { OctavoError } from '@octavo/core/tensor';
import { parseStrata, type Stratum } from '@octavo/datasets';
import { InvalidArgumentError, Option } from 'commander';
import { BACKEND_NAMES } from '../sessions.js';

/** A whole number of at least `min`. */
export function wholeNumber(min: number): (text: string) => number {
  return (text) => {
    const number = Number(text);
    if (!Number.isSafeInteger(number) || number < min || text.trim() === '')
      throw new InvalidArgumentError(`Expected a whole number of at least ${min}.`);
    return number;
  };
}

/** `0.01` or `1%`. */
export function share(text: string): number {
  const percent = text.trim().endsWith('%');
  const digits = percent ? text.trim().slice(0, -1) : text;
  const value = Number(digits) / (percent ? 100 : 1);
  if (digits.trim() === '' || !(value >= 0 && value <= 1))
    throw new InvalidArgumentError('Expected a share between 0 and 1, such as 0.99 or 99%.');
  return value;
}

/** A number of decibels, at least 0. */
export function decibels(text: string): number {
  const value = Number(text.trim().replace(/ ?dB$/, '') || Number.NaN);
  if (value >= 0 && Number.isFinite(value)) return value;
  throw new InvalidArgumentError('Expected decibels of at least 0, such as 30.');
}

/** A percentage above 50, e.g. `99.9` or `99.9%`. */
export function percentile(text: string): number {
  const value = Number(text.trim().replace(/%$/, '') || Number.NaN);
  if (value > 50 && value <= 100) return value;
  throw new InvalidArgumentError('Expected a percentage above 50 and at most 100, such as 99.9.');
}

function strata(text: string): Stratum[] {
  try {
    return parseStrata(text);
  } catch (error) {
    throw error instanceof OctavoError ? new InvalidArgumentError(error.message) : error;
  }
}

/** An option that may be given several times; each text is parsed by `parse`. */
export function repeatable<T>(flags: string, description: string, parse: (text: string) => T): Option {
  return new Option(flags, `${description} (repeatable)`)
    .argParser<readonly T[]>((text, previous) => [...previous, parse(text)])
    .default([], 'none');
}

/** An option that takes one of a list. */
export function choice(
  flags: string,
  description: string,
  choices: readonly string[],
  fallback?: string,
): Option {
  const option = new Option(flags, description).choices(choices);
  return fallback === undefined ? option : option.default(fallback);
}

/** An option that takes members of a list, separated by commas. */
export function listOption<T extends string | number>(
  flags: string,
  description: string,
  choices: readonly T[],
  read: (text: string) => string | number,
  fallback: readonly T[],
): Option {
  const parse = (text: string): T[] => {
    const found = text.split(',').map((each) => choices.find((choice) => choice === read(each.trim())));
    if (found.includes(undefined)) throw new InvalidArgumentError(`Expected some of ${choices.join(', ')}.`);
    return choices.filter((each) => found.includes(each));
  };
  return new Option(flags, description).argParser(parse).default(fallback, fallback.join(','));
}

/** Options about data that several commands share. */
export function dataOptions(): Option[] {
  return [
    new Option('--preprocess <file>', 'JSON file: image size, crop, mean, scale, layout; or table columns'),
    new Option('--samples <n>', 'use at most n samples').argParser(wholeNumber(1)),
    new Option(
      '--stratify <columns>',
      'keep the shares of columns or of bands of numbers among --samples, e.g. zip,price:quantile10',
    ).argParser(strata),
    new Option('--seed <n>', 'seed of the selection of samples').argParser(wholeNumber(0)).default(1),
  ];
}

/** Options about what runs the models on many samples. */
export function sessionOptions(): Option[] {
  return [
    choice(
      '--backend <name>',
      'what runs the models (auto: onnxruntime when installed)',
      BACKEND_NAMES,
      'auto',
    ),
    new Option('--threads <n>', 'threads of onnxruntime; our own backends use one').argParser(wholeNumber(1)),
  ];
}
