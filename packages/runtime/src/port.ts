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

/** The ports of a graph whose types are inferred. Throws SessionError `SESSION_TYPE` as {@link portOf} does. */
export function portsOf({ inputs, outputs }: Graph): Ports {
  return { inputs: inputs.map(portOf), outputs: outputs.map(portOf) };
}

/** What a model declares of its ports; it may leave the types of outputs to inference. */
export interface DeclaredPorts {
  readonly inputs: readonly Port[];
  readonly outputs: readonly (Port | undefined)[];
}

/** The ports that a model declares. Throws SessionError `SESSION_TYPE` as {@link portOf} does. */
export function declaredPorts({ inputs, outputs }: Graph): DeclaredPorts {
  return {
    inputs: inputs.map(portOf),
    outputs: outputs.map((value) => (value.type ? portOf(value) : undefined)),
  };
}

/** Whether a port is declared with each of its dimensions. */
export function isWhole(port: Port | undefined): boolean {
  return port?.shape?.every((dim) => dim !== null) ?? false;
}

/**
 * The ports that a model declares, where they hold for a graph of it for some shapes; undefined where it leaves out a
 * dimension of an output, and where one is not so.
 */
export function portsThatHold(declared: DeclaredPorts, found: Graph): Ports | undefined {
  const sizes = new Map<string, Dim>();
  // The graph has the inputs' own sizes: this only learns what the symbolic ones are.
  for (const [index, { shape }] of declared.inputs.entries()) fits(shape, found.inputs[index]?.shape, sizes);
  const outputs = declared.outputs.filter((port, index) => {
    const value = found.outputs[index];
    return port !== undefined && value?.dtype === port.dtype && fits(port.shape, value.shape, sizes);
  });
  const ports = outputs.filter((port) => port !== undefined);
  return ports.length === declared.outputs.length ? { inputs: declared.inputs, outputs: ports } : undefined;
}

/** @param sizes Of the symbolic dimensions so far. */
function fits(declared: Port['shape'], found: Port['shape'], sizes: Map<string, Dim>): boolean {
  if (!declared || declared.length !== found?.length) return false;
  const misfits = declared.filter((dim, axis) => {
    const size = found[axis] ?? null;
    if (typeof dim !== 'string') return dim === null || dim !== size;
    const known = sizes.get(dim) ?? size;
    sizes.set(dim, known);
    return known !== size;
  });
  return misfits.length === 0;
}
