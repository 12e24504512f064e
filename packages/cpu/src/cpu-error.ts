import { OctavoError } from '@octavo/core/tensor';

/**
 * A native binding that cannot be loaded, or a call that it refused. Codes: `CPU_BINDING_NOT_FOUND`,
 * `CPU_UNKNOWN_ISA`, `CPU_INVALID_ARGUMENT`, `CPU_OUT_OF_MEMORY`.
 */
export class CpuError extends OctavoError {}

/**
 * Calls the addon, turning what it throws into a `CpuError` with the same code.
 *
 * @param where What is asked of the addon, such as the node whose weights it packs
 * @throws CpuError where the addon refuses the arguments or memory runs out
 */
export function callNative<Result>(call: () => Result, where = '@octavo/cpu'): Result {
  try {
    return call();
  } catch (cause) {
    if (!(cause instanceof Error) || !('code' in cause) || typeof cause.code !== 'string') throw cause;
    if (cause instanceof OctavoError && !(cause instanceof CpuError)) throw cause;
    const message = cause instanceof CpuError ? cause.fault : cause.message;
    throw new CpuError({ code: cause.code, message, where, cause });
  }
}
