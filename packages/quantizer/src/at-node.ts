import type { Node } from '@octavo/core/ir';
import { QuantizationError } from '@octavo/core/tensor';
import { QuantizerError } from './quantizer-error.js';

/**
 * Runs a step on the constants of one node.
 * @throws QuantizerError `WEIGHTS_NOT_FINITE` naming the node when they hold NaN or infinity.
 */
export async function atNode<T>(node: Node, step: () => Promise<T>): Promise<T> {
  const place = `node ${node.label}`;
  try {
    return await step();
  } catch (error) {
    if (!(error instanceof QuantizationError) || error.code !== 'QUANT_RANGE') throw error;
    throw new QuantizerError({
      code: 'WEIGHTS_NOT_FINITE',
      where: place,
      message: error.fault,
      remedy: 'Repair the model, or exclude the node.',
      cause: error,
    });
  }
}
