import type { Graph } from '@octavo/core/ir';
import { isHalf } from '@octavo/core/tensor';
import { allNodes } from './all-nodes.js';
import { isComputeOp } from './compute-ops.js';
import { isIntegerOp } from './integer-ops.js';
import { QuantizerError } from './quantizer-error.js';

/**
 * The error for a model of which nothing would change.
 * @param message What is missing, unless the model shows why: it is quantized already, or in 16-bit floats.
 */
export function nothingToQuantize(graph: Graph, message: string, remedy: string): QuantizerError {
  const nodes = allNodes(graph);
  const integer = nodes.find(isIntegerOp);
  const half = nodes
    .filter(isComputeOp)
    .find((node) => node.inputs.some((value) => value?.constant && isHalf(value.constant.dtype)));
  const error = (fault: string, way: string): QuantizerError =>
    new QuantizerError({ code: 'NOTHING_TO_QUANTIZE', message: fault, remedy: way });
  if (integer)
    return error(
      `the model is quantized already: ${integer.label} is a ${integer.op.name}.`,
      'Quantize the float32 model that it was made from.',
    );
  if (half)
    return error(
      `the model's weights are ${half.inputs.find((value) => value?.constant)?.dtype}, not float32: ${half.label}.`,
      'Quantize the float32 model that it was made from.',
    );
  return error(message, remedy);
}

/** The error for layers of which no search may quantize any. */
export function nothingLeft(): QuantizerError {
  return new QuantizerError({
    code: 'NOTHING_TO_QUANTIZE',
    message: 'no layer can be quantized, or the recipe keeps all of them in float.',
    remedy: 'Check what is included and excluded, and the precisions asked for.',
  });
}
