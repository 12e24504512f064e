import type { Value } from '@octavo/core/ir';
import type { Port } from './session.js';
import { SessionError } from './session-error.js';

/**
 * A graph's input or output as callers see it.
 * @throws SessionError `SESSION_TYPE` when it is no tensor of known dtype.
 */
export function portOf(value: Value): Port {
  const type = value.tensorType;
  if (!type) {
    throw new SessionError({
      code: 'SESSION_TYPE',
      where: `value ${value.name}`,
      message: 'sessions take and give tensors of known dtype only.',
    });
  }
  return { name: value.name, dtype: type.dtype, shape: type.shape };
}
