import { createModel, type Model, parse } from '@octavo/core/ir';
import { fromNumbers, toNumbers } from '@octavo/core/tensor';
import type { InferenceSession } from 'onnxruntime-common';
import type { OnnxRuntimeBuild } from './open.js';
import { fromOrt, toOrt } from './tensors.js';

const DEPTH = 64;
const COLUMNS = 32;
const LARGEST_UINT8 = 255;
const LARGEST_INT8 = 127;

/**
 * Whether this build multiplies uint8 by int8 without saturating pairs of products in 16 bits on this machine, as it comes:
 * two of the largest products pass 32,767, so one product of matrices tells.
 */
export async function multipliesExactly(
  { tensor, open }: OnnxRuntimeBuild,
  options: InferenceSession.SessionOptions,
): Promise<boolean> {
  const session = await open(largestProducts(), options);
  try {
    const x = fromNumbers('uint8', [1, DEPTH], new Array<number>(DEPTH).fill(LARGEST_UINT8));
    const { y } = await session.run({ x: toOrt(tensor, x) });
    const exact = DEPTH * LARGEST_UINT8 * LARGEST_INT8;
    return y !== undefined && toNumbers(fromOrt(y)).every((sum) => sum === exact);
  } finally {
    await session.release();
  }
}

function largestProducts(): Model {
  const graph = parse(`graph main opset 21 {
    input %x: uint8[1, ${DEPTH}]
    const %w: int8[${DEPTH}, ${COLUMNS}] = [${new Array<number>(DEPTH * COLUMNS).fill(LARGEST_INT8)}]
    %y: int32[1, ${COLUMNS}] = MatMulInteger(%x, %w)
    output %y
  }`);
  return createModel(graph);
}
