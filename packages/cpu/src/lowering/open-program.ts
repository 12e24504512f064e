import type { ExecutableToken, Runnable } from '@octavo/backend';
import type { NativeBinding } from '../binding.js';
import { CpuError, callNative } from '../cpu-error.js';
import { NativeRunnable } from './native-runnable.js';
import { parseSignature } from './signature.js';

/**
 * A program that another thread compiled and shared.
 * @throws CpuError `CPU_PROGRAM_GONE` when nobody holds it any more
 */
export function openProgram(binding: NativeBinding, { id, generation }: ExecutableToken): Runnable {
  const opened = callNative(() => binding.openProgram(id, generation));
  if (opened) {
    const [handle, metadata] = opened;
    return new NativeRunnable(binding, handle, parseSignature(metadata));
  }
  throw new CpuError({
    code: 'CPU_PROGRAM_GONE',
    where: '@octavo/cpu',
    message: `no program ${id} of generation ${generation} is shared in this process.`,
    remedy:
      'Keep the session that shared it until the others have opened it, and open it in the same process.',
  });
}
