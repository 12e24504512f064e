import type { Tensor } from '@octavo/core/tensor';
import type { Plan } from './plan.js';
import { portOf } from './port.js';
import { SessionError } from './session-error.js';
import type { SessionToken, TensorToken } from './session-token.js';

/**
 * A plan as plain data; its executables become reachable for other threads.
 * @param defaults Of the inputs that have one, by name.
 * @param taps Names of the values that runs tell.
 * @throws SessionError `SESSION_NOT_SHAREABLE` when a backend keeps its programs in one thread.
 */
export function tokenOf(
  plan: Plan,
  defaults: ReadonlyMap<string, Tensor>,
  taps: Iterable<string>,
): SessionToken {
  const { graph } = plan;
  const unable = plan.stages.find(({ executable }) => !executable.share);
  if (unable) throw notShareable(`backend ${unable.backend.id} keeps its programs in one thread`);
  return {
    inputs: graph.inputs.map((value, index) => ({ ...portOf(value), slot: plan.slots.inputs[index] ?? -1 })),
    outputs: graph.outputs.map((value, index) => ({
      ...portOf(value),
      slot: plan.slots.outputs[index] ?? -1,
    })),
    defaults: [...defaults].map(([input, tensor]) => ({ input, ...tensorToken(tensor) })),
    constants: plan.slots.initial.flatMap((tensor, slot) =>
      tensor ? [{ slot, ...tensorToken(tensor) }] : [],
    ),
    taps: [...taps],
    stages: plan.stages.flatMap(({ backend, executable, inputs, outputs, nodes }) => {
      const token = executable.share?.();
      return token ? [{ backend: backend.id, executable: token, inputs, outputs, nodes }] : [];
    }),
    nodes: plan.explain(),
  };
}

/** A copy: what a message carries is the whole buffer of a view. */
function tensorToken({ dtype, shape, bytes }: Tensor): TensorToken {
  return { dtype, shape, bytes: bytes.slice() };
}

function notShareable(reason: string): SessionError {
  return new SessionError({
    code: 'SESSION_NOT_SHAREABLE',
    message: `${reason}.`,
    remedy: 'Create a session of its own in each worker.',
  });
}
