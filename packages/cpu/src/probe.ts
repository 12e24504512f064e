import { loadBinding } from './load-binding.js';

/** What the addon found out about this CPU, and where each fact comes from. */
export interface CpuProbe {
  /** The addon's version. */
  readonly version: string;
  /** The file or package that the addon was loaded from. */
  readonly path: string;
  /** Features that the CPU has and the operating system supports (CPUID with XCR0, or the ARM capabilities). */
  readonly detected: readonly string[];
  /** Features in use: those detected, restricted by the environment variable `OCTAVO_ISA`. */
  readonly active: readonly string[];
  /** The matrix kernel that weights packed now will run on. */
  readonly gemmKernel: string;
  /** The compiler that built the addon, and its flags. */
  readonly build: string;
}

/**
 * Facts about this CPU.
 *
 * @throws CpuError `CPU_BINDING_NOT_FOUND` without the addon; `CPU_UNKNOWN_ISA`
 */
export function probe(): CpuProbe {
  const { binding, path } = loadBinding();
  const { detected, active, gemmKernel, build } = binding.isa();
  return {
    version: binding.version(),
    path,
    detected: names(detected),
    active: names(active),
    gemmKernel,
    build,
  };
}

function names(list: string): readonly string[] {
  return list.split(' ').filter((name) => name !== '');
}
