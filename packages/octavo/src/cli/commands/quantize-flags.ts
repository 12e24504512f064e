import { type ObserverName, observers } from '@octavo/core/quant';
import {
  type ActivationDType,
  type IoType,
  MODES,
  type Mode,
  RECIPE_DEFAULTS,
  type Recipe,
  type WeightDType,
  type WeightOnlyFormat,
} from '@octavo/quantizer';
import { type Command, Option } from 'commander';
import { choice, dataOptions, repeatable, wholeNumber } from '../arguments.js';
import type { DataFlags } from '../open-data.js';
import { UsageError } from '../usage-error.js';

export interface QuantizeFlags extends DataFlags {
  readonly output: string;
  readonly mode: Mode;
  readonly weights?: WeightDType;
  readonly activations?: ActivationDType;
  readonly perTensor?: boolean;
  readonly blockSize: number;
  readonly format: WeightOnlyFormat;
  readonly observer: ObserverName;
  readonly calibration?: string;
  readonly include: readonly string[];
  readonly exclude: readonly string[];
  readonly io: IoType;
  readonly strict?: boolean;
  readonly report?: string;
  readonly threads?: number;
}

/** Flags that have a meaning in some modes only. */
const MODES_OF: Readonly<Record<string, readonly Mode[]>> = {
  weights: ['static', 'dynamic', 'weight-only'],
  activations: ['static'],
  perChannel: ['static', 'dynamic'],
  perTensor: ['static', 'dynamic'],
  blockSize: ['weight-only'],
  format: ['weight-only'],
  observer: ['static'],
  calibration: ['static'],
  preprocess: ['static'],
  samples: ['static'],
  seed: ['static'],
  threads: ['static'],
  io: ['static'],
  strict: ['fp16'],
};

export function quantizeOptions(): Option[] {
  return [
    new Option('-o, --output <file>', 'where to write the quantized model').makeOptionMandatory(),
    choice('--mode <mode>', 'method', MODES, RECIPE_DEFAULTS.mode),
    ...precisionOptions(),
    ...calibrationOptions(),
    repeatable('--include <pattern>', 'quantize only nodes or ops that match', String),
    repeatable('--exclude <pattern>', 'leave nodes or ops that match in float', String),
    new Option('--report <dir>', 'write report.html and report.json'),
  ];
}

function precisionOptions(): Option[] {
  const defaults = RECIPE_DEFAULTS;
  const weights = ['int8', 'uint8', 'int4', 'uint4'];
  return [
    choice('--weights <dtype>', 'weights (default: int8; int4 for weight-only)', weights),
    choice('--activations <dtype>', 'static: activations (default: uint8, or as --io)', ['uint8', 'int8']),
    new Option('--per-channel', 'one scale for each output channel of a weight (the default)'),
    new Option('--per-tensor', 'one scale for each weight').conflicts('perChannel'),
    new Option('--block-size <n>', 'weight-only: weights that share a scale: 16, 32, 64, 128 or 256')
      .argParser(wholeNumber(16))
      .default(defaults.blockSize),
    choice(
      '--format <format>',
      'weight-only: MatMulNBits, or blocked DequantizeLinear',
      ['matmulnbits', 'qdq'],
      defaults.weightOnlyFormat,
    ),
    choice(
      '--io <type>',
      "static: the graph's own inputs and outputs",
      ['float', 'uint8', 'int8'],
      defaults.io,
    ),
    new Option('--strict', 'fp16: fail instead of clamping values beyond fp16'),
  ];
}

function calibrationOptions(): Option[] {
  return [
    new Option('--calibration <path>', 'static: representative inputs'),
    ...dataOptions(),
    choice(
      '--observer <name>',
      'static: how ranges are chosen',
      Object.keys(observers),
      RECIPE_DEFAULTS.observer,
    ),
    new Option('--threads <n>', 'static: threads for calibration').argParser(wholeNumber(1)),
  ];
}

/**
 * Refuses flags that contradict each other or say nothing in the mode chosen.
 * @throws UsageError.
 */
export function checkFlags(command: Command, { mode, calibration }: QuantizeFlags): void {
  for (const option of command.options) {
    const modes = MODES_OF[option.attributeName()];
    const given = command.getOptionValueSource(option.attributeName()) === 'cli';
    if (given && modes && !modes.includes(mode))
      throw new UsageError(
        `${option.long} has no meaning with --mode ${mode}.`,
        `Leave it out, or use --mode ${modes.join(' or ')}.`,
      );
  }
  if (mode === 'static' && calibration === undefined)
    throw new UsageError(
      'static quantization needs --calibration PATH.',
      'Give representative inputs, or use --mode dynamic.',
    );
}

export function recipeOf(flags: QuantizeFlags): Recipe {
  const { mode, blockSize, observer, include, exclude, io } = flags;
  return {
    mode,
    blockSize,
    observer,
    include,
    exclude,
    io,
    weights: flags.weights ?? (mode === 'weight-only' ? 'int4' : RECIPE_DEFAULTS.weights),
    activations: flags.activations ?? (io === 'float' ? RECIPE_DEFAULTS.activations : io),
    perChannel: flags.perTensor !== true,
    weightOnlyFormat: flags.format,
    symmetricActivations: RECIPE_DEFAULTS.symmetricActivations,
    layers: RECIPE_DEFAULTS.layers,
    strict: flags.strict ?? false,
  };
}
