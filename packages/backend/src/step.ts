import type { Node } from '@octavo/core/ir';
import type { Tensor } from '@octavo/core/tensor';
import { KernelError, OctavoError } from '@octavo/core/tensor';
import type { Kernel, NodePreparation, Operands, PreparedKernel } from './kernel.js';
import { OpenResults } from './open-results.js';

/** A node made ready to run by itself. */
export interface Step {
  readonly node: Node;
  readonly kernel: PreparedKernel;
  /** Present where only a run tells how large the results are. */
  readonly open: OpenResults | undefined;
}

/** Prepares a kernel that supports a node; what it throws names the node. */
export async function prepareStep(
  kernel: Kernel,
  given: Pick<NodePreparation, 'node' | 'opset' | 'constants' | 'maxTensorBytes'>,
): Promise<Step> {
  const { node, opset, constants, maxTensorBytes } = given;
  const inputTypes = node.inputs.map((value) => value?.tensorType);
  const outputTypes = node.outputs.map((value) => value?.tensorType);
  try {
    return {
      node,
      kernel: await kernel.prepare({ node, opset, constants, inputTypes, outputTypes, maxTensorBytes }),
      open: OpenResults.of(node, opset, maxTensorBytes),
    };
  } catch (error) {
    throw placed(error, node);
  }
}

/** Computes the outputs of a node by position; what it throws names the node. */
export function runStep(
  { node, kernel, open }: Step,
  operands: Operands,
  captures: readonly Tensor[],
): Operands {
  try {
    open?.check(operands);
    return kernel.run(operands, captures);
  } catch (error) {
    throw placed(error, node);
  }
}

/** Errors of kernels name the node they come from. */
function placed(cause: unknown, node: Node): unknown {
  const where = `node ${node.label} (${node.op.name})`;
  // What JavaScript throws for arrays that are too long, or of a length that is none.
  if (cause instanceof RangeError) {
    const message = `its result cannot be made (${cause.message}).`;
    return new KernelError({ code: 'KERNEL_SIZE', where, message, cause });
  }
  if (!(cause instanceof OctavoError) || cause.where !== undefined) return cause;
  return new OctavoError({ code: cause.code, where, message: cause.fault, remedy: cause.remedy, cause });
}
