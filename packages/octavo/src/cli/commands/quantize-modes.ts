import {
  MODES,
  type Mode,
  type Recipe,
  STATIC_FORMATS,
  type StaticFormat,
  WEIGHT_ONLY_FORMATS,
  type WeightOnlyFormat,
} from '@octavo/quantizer';
import type { Option } from 'commander';
import { mixedOptions } from './mixed-flags.js';
import { limitOptions, searchOptions, validationOptions } from './search-flags.js';

/** `auto` tries the methods and keeps the fastest that passes; `mixed` gives each layer a precision within a budget. */
export type QuantizeMode = Mode | 'auto' | 'mixed';

export type Format = StaticFormat | WeightOnlyFormat;

/** How the results of a mode can be written, the default first. */
export const FORMATS_OF: Readonly<Partial<Record<QuantizeMode, readonly Format[]>>> = {
  static: STATIC_FORMATS,
  'weight-only': WEIGHT_ONLY_FORMATS,
};

const SEARCHES: readonly QuantizeMode[] = ['auto', 'mixed'];

const HALVES: readonly QuantizeMode[] = ['fp16', 'bf16'];

/** Modes whose weights become integers as a recipe says. */
const INTEGERS: readonly QuantizeMode[] = ['static', 'dynamic', 'weight-only'];

/** Modes that learn from samples. */
const SAMPLED: readonly QuantizeMode[] = ['static', 'weight-only', ...HALVES, ...SEARCHES];

export const QUANTIZE_MODES: readonly QuantizeMode[] = [...MODES, ...SEARCHES];

export function isSearch(mode: QuantizeMode): boolean {
  return SEARCHES.includes(mode);
}

/** The modes that read a field of a recipe, where not all do: a search chooses most of them itself. */
export const MODES_OF_FIELD = {
  weights: INTEGERS,
  symmetricWeights: INTEGERS,
  activations: ['static'],
  symmetricActivations: ['static'],
  perChannel: ['static', 'dynamic'],
  reduceRange: ['static', 'dynamic', ...SEARCHES],
  blockSize: ['static', 'weight-only'],
  format: ['static'],
  weightOnlyFormat: ['static', 'weight-only'],
  rounding: ['weight-only'],
  observer: ['static'],
  percentile: ['static'],
  leastSqnr: ['static'],
  io: ['static', ...HALVES],
  strict: HALVES,
} satisfies Readonly<Partial<Record<keyof Recipe, readonly QuantizeMode[]>>>;

/**
 * The modes in which a flag has a meaning, where not all. Blocks of static layers come with the rules of a recipe, which say
 * their size too.
 */
export const MODES_OF_FLAG: Readonly<Record<string, readonly QuantizeMode[]>> = {
  ...MODES_OF_FIELD,
  asymmetricWeights: MODES_OF_FIELD.symmetricWeights,
  perTensor: MODES_OF_FIELD.perChannel,
  blockSize: ['weight-only'],
  format: ['static', 'weight-only'],
  calibration: SAMPLED,
  preprocess: SAMPLED,
  samples: SAMPLED,
  seed: SAMPLED,
  threads: SAMPLED,
  ranges: ['static', ...HALVES],
  stratify: SAMPLED,
  ...forModes(
    validationOptions().filter(({ long }) => long !== '--validation'),
    SEARCHES,
  ),
  ...forModes(searchOptions(), SEARCHES),
  ...forModes(limitOptions(), ['auto']),
  ...forModes(mixedOptions(), ['mixed']),
};

function forModes(
  options: readonly Option[],
  modes: readonly QuantizeMode[],
): Record<string, readonly QuantizeMode[]> {
  return Object.fromEntries(options.map((option) => [option.attributeName(), modes]));
}
