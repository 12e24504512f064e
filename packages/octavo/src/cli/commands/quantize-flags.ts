import { type ObserverName, observers } from '@octavo/core/quant';
import {
  ACTIVATION_DTYPES,
  type ActivationDType,
  IO_TYPES,
  type IoType,
  type Mode,
  RECIPE_DEFAULTS,
  type Recipe,
  STATIC_FORMATS,
  WEIGHT_DTYPES,
  WEIGHT_ONLY_FORMATS,
  WEIGHT_ROUNDING_NAMES,
  type WeightDType,
  type WeightRoundingName,
} from '@octavo/quantizer';
import { type Command, Option } from 'commander';
import { choice, dataOptions, percentile, repeatable, wholeNumber } from '../arguments.js';
import type { JudgeFlags } from '../judging.js';
import { UsageError } from '../usage-error.js';
import { type MixedFlags, mixedOptions } from './mixed-flags.js';
import {
  FORMATS_OF,
  type Format,
  isSearch,
  MODES_OF_FLAG,
  QUANTIZE_MODES,
  type QuantizeMode,
} from './quantize-modes.js';
import { limitOptions, type SearchFlags, searchOptions, validationOptions } from './search-flags.js';

export interface QuantizeFlags extends JudgeFlags, SearchFlags, MixedFlags {
  readonly output: string;
  readonly recipe?: string;
  readonly mode: QuantizeMode;
  readonly weights?: WeightDType;
  readonly activations?: ActivationDType;
  readonly perTensor?: boolean;
  readonly reduceRange?: boolean;
  readonly asymmetricWeights?: boolean;
  readonly symmetricActivations?: boolean;
  readonly blockSize: number;
  readonly format?: Format;
  readonly rounding?: WeightRoundingName;
  readonly observer: ObserverName;
  readonly percentile?: number;
  readonly leastSqnr?: number;
  readonly calibration?: string;
  readonly ranges?: string;
  readonly include: readonly string[];
  readonly exclude: readonly string[];
  readonly io: IoType;
  readonly strict?: boolean;
  readonly report?: string;
  readonly threads?: number;
}

/** Flags that say how labelled data are read and scored: of any mode that writes a report of them. */
const DATA_FLAGS: readonly string[] = [
  'preprocess',
  'seed',
  'threads',
  ...validationOptions().map((option) => option.attributeName()),
];

/** Flags that say which data a calibration set should cover. */
const COVERAGE_FLAGS: readonly string[] = ['validationSamples', 'label', 'segment'];

export function quantizeOptions(): Option[] {
  return [
    new Option('-o, --output <file>', 'where to write the quantized model').makeOptionMandatory(),
    new Option('--recipe <file>', 'JSON file: precisions, also layer by layer; flags win over it'),
    choice('--mode <mode>', 'method', QUANTIZE_MODES, RECIPE_DEFAULTS.mode),
    ...precisionOptions(),
    ...calibrationOptions(),
    repeatable('--include <pattern>', 'quantize only nodes or ops that match', String),
    repeatable('--exclude <pattern>', 'leave nodes or ops that match in float', String),
    ...validationOptions(),
    ...searchOptions(),
    ...limitOptions(),
    ...mixedOptions(),
    new Option(
      '--report <dir>',
      'write report.html and report.json, measured on --validation or --calibration',
    ),
  ];
}

function precisionOptions(): Option[] {
  const defaults = RECIPE_DEFAULTS;
  return [
    choice('--weights <dtype>', 'weights (default: int8; int4 for weight-only)', WEIGHT_DTYPES),
    new Option(
      '--asymmetric-weights',
      'weights with a zero point (the default of unsigned dtypes, and of weight-only below 8 bits)',
    ),
    choice('--activations <dtype>', 'static: activations (default: uint8, or as --io)', ACTIVATION_DTYPES),
    new Option('--symmetric-activations', 'static: activations around a fixed zero point'),
    new Option('--per-channel', 'one scale for each output channel of a weight (the default)'),
    new Option('--per-tensor', 'one scale for each weight').conflicts('perChannel'),
    new Option(
      '--reduce-range',
      'int8 weights in [-64, 64]: for onnxruntime on x64 processors without VNNI, which saturates products of larger ones',
    ),
    new Option('--block-size <n>', 'weight-only: weights that share a scale: 16, 32, 64, 128 or 256')
      .argParser(wholeNumber(16))
      .default(defaults.blockSize),
    choice(
      '--format <format>',
      'static: Q/DQ pairs (default) or integer ops; weight-only: MatMulNBits (default) or blocked DequantizeLinear',
      [...new Set([...STATIC_FORMATS, ...WEIGHT_ONLY_FORMATS])],
    ),
    choice(
      '--rounding <name>',
      'weight-only: how weights become integers (default: gptq below 8 bits with --calibration, else nearest)',
      WEIGHT_ROUNDING_NAMES,
    ),
    choice(
      '--io <type>',
      "the graph's own inputs and outputs: static: the activations' dtype; fp16: float16; bf16: bfloat16",
      IO_TYPES,
      defaults.io,
    ),
    new Option('--strict', 'fp16, bf16: fail instead of clamping constants that are too large or too small'),
  ];
}

function calibrationOptions(): Option[] {
  return [
    new Option(
      '--calibration <path>',
      'all but dynamic: representative inputs; fp16, bf16: what overflows on them stays float32',
    ),
    new Option('--ranges <file>', 'static, fp16, bf16: what octavo calibrate observed').conflicts(
      'calibration',
    ),
    ...dataOptions(),
    choice(
      '--observer <name>',
      'static: how ranges are chosen',
      Object.keys(observers),
      RECIPE_DEFAULTS.observer,
    ),
    new Option(
      '--percentile <percent>',
      'observer percentile: how many of the numbers to keep in range (default: 99.99)',
    ).argParser(percentile),
    new Option(
      '--least-sqnr <dB>',
      'static: quantize only the weights of layers whose input is noisier (default: 24)',
    ).argParser(wholeNumber(0)),
    new Option('--threads <n>', 'threads for calibration (default: all)').argParser(wholeNumber(1)),
  ];
}

/**
 * Refuses flags that contradict each other or say nothing in the mode chosen.
 * @throws UsageError.
 */
export function checkFlags(
  command: Command,
  {
    mode,
    calibration,
    ranges,
    metric,
    validation,
    format,
    report,
    observer,
    percentile: share,
  }: QuantizeFlags,
): void {
  const isMeasured = report !== undefined && validation !== undefined;
  const isCovered = validation !== undefined && (calibration !== undefined || ranges !== undefined);
  for (const option of command.options) {
    const modes = MODES_OF_FLAG[option.attributeName()];
    const given = command.getOptionValueSource(option.attributeName()) === 'cli';
    const isAboutData =
      (isMeasured && DATA_FLAGS.includes(option.attributeName())) ||
      (isCovered && COVERAGE_FLAGS.includes(option.attributeName()));
    if (given && modes && !modes.includes(mode) && !isAboutData)
      throw new UsageError(
        `${option.long} has no meaning with --mode ${mode}.`,
        `Leave it out, or use --mode ${modes.join(' or ')}.`,
      );
  }
  const formats = FORMATS_OF[mode] ?? [];
  if (format !== undefined && !formats.includes(format))
    throw new UsageError(
      `--format ${format} has no meaning with --mode ${mode}.`,
      `Leave it out, or use --format ${formats.join(' or ')}.`,
    );
  if (validation !== undefined && !isMeasured && !isCovered && !isSearch(mode))
    throw new UsageError(
      `--validation has no meaning with --mode ${mode} without --calibration or --report DIR.`,
      'Say which samples should cover it, or where to write the report that is measured on it.',
    );
  if (mode === 'static' && calibration === undefined && ranges === undefined)
    throw new UsageError(
      'static quantization needs --calibration PATH or --ranges FILE.',
      'Give representative inputs, or use --mode dynamic.',
    );
  if (isSearch(mode) && (metric === undefined || validation === undefined))
    throw new UsageError(
      `--mode ${mode} needs --metric and --validation PATH.`,
      'Say how models are judged, and give labelled data.',
    );
  if (share !== undefined && observer !== 'percentile')
    throw new UsageError('--percentile has no meaning without --observer percentile.', 'Leave it out.');
  if (mode === 'mixed' && calibration === undefined)
    throw new UsageError('--mode mixed needs --calibration PATH.', 'Give representative inputs.');
}

/** Of two formats with one flag, each has what the flag or the file says. */
function formatsOf(
  flag: Format | undefined,
  file: Partial<Recipe>,
): Pick<Recipe, 'format' | 'weightOnlyFormat'> {
  const { format = RECIPE_DEFAULTS.format, weightOnlyFormat = RECIPE_DEFAULTS.weightOnlyFormat } = file;
  return {
    format: STATIC_FORMATS.find((each) => each === flag) ?? format,
    weightOnlyFormat: WEIGHT_ONLY_FORMATS.find((each) => each === flag) ?? weightOnlyFormat,
  };
}

/** @param file What a recipe file says; its fields that have a flag are in `flags` already. */
export function recipeOf(flags: QuantizeFlags, mode: Mode, file: Partial<Recipe> = {}): Recipe {
  const { blockSize, observer, include, exclude, io } = flags;
  const symmetricWeights = flags.asymmetricWeights ? false : file.symmetricWeights;
  const rounding = flags.rounding ?? file.rounding;
  const share = flags.percentile ?? file.percentile;
  return {
    mode,
    blockSize,
    observer,
    include,
    exclude,
    io,
    weights: flags.weights ?? (mode === 'weight-only' ? 'int4' : RECIPE_DEFAULTS.weights),
    ...(symmetricWeights === undefined ? {} : { symmetricWeights }),
    ...(rounding === undefined ? {} : { rounding }),
    ...(share === undefined ? {} : { percentile: share }),
    activations:
      flags.activations ?? ACTIVATION_DTYPES.find((dtype) => dtype === io) ?? RECIPE_DEFAULTS.activations,
    symmetricActivations:
      flags.symmetricActivations ?? file.symmetricActivations ?? RECIPE_DEFAULTS.symmetricActivations,
    perChannel: flags.perTensor !== true,
    reduceRange: flags.reduceRange ?? RECIPE_DEFAULTS.reduceRange,
    leastSqnr: flags.leastSqnr ?? file.leastSqnr ?? RECIPE_DEFAULTS.leastSqnr,
    ...formatsOf(flags.format, file),
    layers: file.layers ?? RECIPE_DEFAULTS.layers,
    strict: flags.strict ?? false,
  };
}
