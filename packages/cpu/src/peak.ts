import { callNative } from './cpu-error.js';
import { loadBinding } from './load-binding.js';

/** What a machine has limits of: exact 8-bit operations, fp32 operations, bytes read from memory. */
export type PeakKind = 'int8' | 'float32' | 'read';

/** A limit of this machine, measured now. */
export interface Peak {
  readonly kind: PeakKind;
  readonly threads: number;
  /** The instruction, or the pair of them, that multiplies and adds: it was run and nothing else. */
  readonly instruction: string;
  /** Multiplications and additions, or bytes, a second, of all threads together. */
  readonly perSecond: number;
}

export interface PeakOptions {
  /** At least 1, at most the physical cores; 1 by default. */
  readonly threads?: number | undefined;
  /** How long to try; 100 by default. Of operations the best moment counts, of reading all of the time. */
  readonly milliseconds?: number | undefined;
}

const NUMBERS: Readonly<Record<PeakKind, number>> = { int8: 0, float32: 1, read: 2 };

/**
 * Measures what this machine does at most, with the instruction set in use (`OCTAVO_ISA` restricts it); undefined
 * where no instruction is known for this CPU. Blocks the thread.
 *
 * @throws CpuError `CPU_BINDING_NOT_FOUND` without the addon; `CPU_INVALID_ARGUMENT`; `CPU_OUT_OF_MEMORY`
 */
export function measurePeak(kind: PeakKind, options: PeakOptions = {}): Peak | undefined {
  const { threads = 1, milliseconds = 100 } = options;
  const { binding } = loadBinding();
  const { instruction, perSecond } = callNative(() =>
    binding.measurePeak(NUMBERS[kind], threads, milliseconds),
  );
  return instruction === '' ? undefined : { kind, threads, instruction, perSecond };
}
