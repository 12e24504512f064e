import type { Node, Value } from '@octavo/core/ir';
import type { QuantizedType } from '@octavo/core/quant';
import type { Claim } from '../qdq/integer-types.js';
import type { QparamsReader } from '../qdq/node-qparams.js';

/** A quantized operand or result of an integer op, with the operands that hold its qparams. */
export interface QuantizedOperand {
  readonly value: Value;
  readonly scale: Value | undefined;
  readonly zeroPoint: Value | undefined;
  /** Axis that a vector of scales runs along, counted from the front; undefined when only a scalar is possible. */
  readonly axis?: number | undefined;
}

/** Claims for all operands, or why one of them has no quantized type. */
export async function claimOperands(
  node: Node,
  operands: readonly QuantizedOperand[],
  reader: QparamsReader,
): Promise<readonly Claim[] | { readonly reason: string }> {
  const claims: Claim[] = [];
  for (const { value, scale, zeroPoint, axis } of operands) {
    const storage = zeroPoint?.dtype ?? value.dtype;
    const { type, reason } = await reader.read({
      node,
      storage,
      scale,
      zeroPoint,
      axis: axis ?? 0,
      blockSize: 0,
    });
    if (!type) return { reason };
    if (axis === undefined && type.granularity.kind !== 'per-tensor') {
      return { reason: `${value.name} has ${type.scales.length} scales where one is possible` };
    }
    claims.push({ value, type });
  }
  return claims;
}

/** The type of an int32 bias that is added to sums of products: scale `f32(x * w[c])`, zero point 0. */
export function biasType(x: QuantizedType, w: QuantizedType): QuantizedType {
  const perChannel = w.scales.length > 1;
  return {
    storage: 'int32',
    expressed: x.expressed,
    granularity: perChannel ? { kind: 'per-axis', axis: 0 } : { kind: 'per-tensor' },
    symmetric: true,
    scales: w.scales.map((scale) => scale * (x.scales[0] ?? 1)),
    zeroPoints: new Int32Array(w.scales.length),
  };
}
