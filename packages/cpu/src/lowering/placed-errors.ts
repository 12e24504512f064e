import type { Node } from '@octavo/core/ir';
import { OctavoError } from '@octavo/core/tensor';
import { CpuError } from '../cpu-error.js';
import type { ProgramSignature } from './signature.js';

/** A node as errors and signatures name it. */
export function placeOf({ label, op }: Node): string {
  return `node ${label} (${op.name})`;
}

/** What lowering a node threw, with the node where it names no place. */
export function placedInLowering(error: unknown, node: Node): unknown {
  return error instanceof OctavoError && error.where === undefined ? error.within(placeOf(node)) : error;
}

/**
 * What the addon refuses in an op of a program, with the node that the op computes; other errors as they are.
 * @param remedy What to do about one that names its op
 */
export function placedAtNode(
  error: unknown,
  { steps, nodes }: Pick<ProgramSignature, 'steps' | 'nodes'>,
  remedy?: string,
): unknown {
  if (!(error instanceof Error) || !('code' in error) || typeof error.code !== 'string') return error;
  if (error instanceof OctavoError && !(error instanceof CpuError)) return error;
  const text = error instanceof CpuError ? error.fault : error.message;
  const [, op, message] = /\bop (\d+): (.*)$/s.exec(text) ?? [];
  const place = op === undefined ? undefined : nodes[steps[Number(op)] ?? -1];
  return new CpuError({
    code: error.code,
    message: place === undefined ? text : (message ?? text),
    where: place ?? '@octavo/cpu',
    remedy: op === undefined ? undefined : remedy,
    cause: error,
  });
}
