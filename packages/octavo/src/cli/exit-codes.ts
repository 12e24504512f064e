import type { OctavoError } from '@octavo/core/tensor';

export const EXIT_DONE = 0;
/** The job failed: unreadable files, data that does not fit, nothing to quantize. */
export const EXIT_FAILED = 1;
/** The command line cannot be meant. */
export const EXIT_USAGE = 2;

/** Exit codes after a signal: 128 and the signal's number, as shells have it. */
export const EXIT_SIGNALS = { SIGINT: 130, SIGTERM: 143 } as const;

export type StopSignal = keyof typeof EXIT_SIGNALS;

/** Codes of errors that are found away from the command line but mean that it is wrong. */
const USAGE_CODES = new Set([
  'USAGE',
  'RECIPE_BLOCK_SIZE',
  'RECIPE_IO',
  'RECIPE_REDUCE_RANGE',
  'RECIPE_WEIGHTS',
  'METRIC_UNKNOWN',
  'SEGMENT_SPEC',
  'OUTPUT_UNKNOWN',
  'OUTPUT_IS_INPUT',
  'DATASET_SELECTION',
  'SUITE_SYNTAX',
  'SUITE_FIELD',
  'SUITE_UNREADABLE',
]);

/** The exit code of an error. */
export function exitCodeOf(error: OctavoError): number {
  return USAGE_CODES.has(error.code) ? EXIT_USAGE : EXIT_FAILED;
}
