import type { QualityLimit } from '@octavo/quantizer';
import { InvalidArgumentError, Option } from 'commander';
import type { BackendName } from '../../sessions.js';
import { BACKEND_NAMES } from '../../sessions.js';
import { choice, share, wholeNumber } from '../arguments.js';
import { judgeOptions, type NamedSegmentation, segmentOption } from '../judging.js';

/** Flags of searches that measure what they find. */
export interface SearchFlags {
  readonly validation?: string;
  readonly validationSamples?: number;
  readonly segment: readonly NamedSegmentation[];
  readonly minRetention?: number;
  readonly maxDrop?: number;
  readonly target: readonly BackendName[];
}

/** What is kept when nothing is said. */
export const DEFAULT_RETENTION = 0.99;

/** Options about labelled data: what searches judge models on, and what reports are measured on. */
export function validationOptions(): Option[] {
  return [
    new Option(
      '--validation <path>',
      'labelled data: auto and mixed judge models on them, --report shows them; warns where calibration lacks them',
    ),
    new Option('--validation-samples <n>', 'use at most n of them').argParser(wholeNumber(1)),
    ...judgeOptions(),
    segmentOption(),
  ];
}

/** Options of searches only. */
export function searchOptions(): Option[] {
  return [
    choice(
      '--target <name>',
      'auto, mixed: runtimes that the model is for (default: auto; repeatable)',
      BACKEND_NAMES,
    )
      .argParser<readonly BackendName[]>((text, previous) => [...previous, backendNamed(text)])
      .default([], 'auto'),
  ];
}

/** Options that set the limit of `--mode auto`. */
export function limitOptions(): Option[] {
  return [
    new Option(
      '--min-retention <share>',
      `auto: least share of the metric to keep, 0.99 or 99% (default: ${DEFAULT_RETENTION})`,
    ).argParser(share),
    new Option('--max-drop <share>', 'auto: the same as --min-retention of 1 minus this')
      .argParser(share)
      .conflicts('minRetention'),
  ];
}

/** The limit that flags set. */
export function limitOf({
  minRetention,
  maxDrop,
}: Pick<SearchFlags, 'minRetention' | 'maxDrop'>): QualityLimit {
  return { minRetention: minRetention ?? (maxDrop === undefined ? DEFAULT_RETENTION : 1 - maxDrop) };
}

function backendNamed(text: string): BackendName {
  const name = BACKEND_NAMES.find((each) => each === text);
  if (name) return name;
  throw new InvalidArgumentError(`Allowed choices are ${BACKEND_NAMES.join(', ')}.`);
}
