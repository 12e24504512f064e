import type { Dim, Graph, Value } from '@octavo/core/ir';
import type { Port } from './session.js';
import { SessionError } from './session-error.js';

/** What a session takes and gives. */
export interface Ports {
  readonly inputs: readonly Port[];
  readonly outputs: readonly Port[];
}

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

/** Refuses a model that declares what {@link portOf} refuses. The types of outputs may be left to inference. */
export function checkTypes({ inputs, outputs }: Graph): void {
  for (const value of [...inputs, ...outputs.filter(({ type }) => type)]) portOf(value);
}

/** The ports of a graph whose types are inferred. Throws SessionError `SESSION_TYPE` as {@link portOf} does. */
export function portsOf({ inputs, outputs }: Graph): Ports {
  return { inputs: inputs.map(portOf), outputs: outputs.map(portOf) };
}

/**
 * The ports as a model declares them; undefined where it leaves out a dimension of an output, or where what it declares
 * is not so in `planned`, a graph of it for some shapes.
 */
export function declaredPorts(model: Graph, planned: Graph): Ports | undefined {
  const holds = model.outputs.every((value, index) => declaresTruly(value, planned.outputs[index]));
  return holds ? portsOf(model) : undefined;
}

function declaresTruly({ dtype, shape }: Value, found: Value | undefined): boolean {
  const sizes = found?.shape;
  if (!shape || !sizes || dtype !== found.dtype || shape.length !== sizes.length) return false;
  return shape.every((dim, axis) => dim !== null && allows(dim, sizes[axis] ?? null));
}

function allows(dim: Dim, size: Dim): boolean {
  return typeof dim === 'string' || dim === size;
}
