import { Clip, Clip6, type Node, Relu, storedConstant, type Value } from '@octavo/core/ir';
import { type QuantizedType, quantizeNumbers, storageRange } from '@octavo/core/quant';
import { toNumbers } from '@octavo/core/tensor';
import { keysOf } from '../only-with.js';

/** The bounds of Relu or of a Clip with constant bounds. */
export interface Bounds {
  readonly low: number;
  readonly high: number;
}

const CLAMPS = keysOf(Relu, Clip, Clip6);

/** What a node clamps its first input to; undefined for other nodes and for bounds that are not in memory. */
export function clampBounds(node: Node): Bounds | undefined {
  if (!CLAMPS.has(node.op.key)) return undefined;
  if (Relu.is(node)) return { low: 0, high: Number.POSITIVE_INFINITY };
  if (Clip6.is(node)) {
    const { min, max } = Clip6.attributes(node);
    return { low: min, high: max };
  }
  const { min, max } = Clip.inputs(node);
  const low = boundOf(min, Number.NEGATIVE_INFINITY);
  const high = boundOf(max, Number.POSITIVE_INFINITY);
  return low === undefined || high === undefined || low > high ? undefined : { low, high };
}

function boundOf(value: Value | undefined, fallback: number): number | undefined {
  if (!value) return fallback;
  const tensor = storedConstant(value)?.peek();
  return tensor && toNumbers(tensor)[0];
}

/**
 * Whether clamping before quantizing gives the same integers as clamping the integers: quantizing is monotone when
 * the scale is positive, and the bounds quantize to one integer each.
 */
export function commutesWithClamp(type: QuantizedType): boolean {
  return type.granularity.kind === 'per-tensor' && (type.scales[0] ?? 0) > 0;
}

/** Whether quantizing alone already clamps to the bounds. */
export function isImpliedByRange(bounds: Bounds, type: QuantizedType): boolean {
  const { min, max } = storageRange(type.storage);
  const [low, high] = quantizeNumbers(Float32Array.of(bounds.low, bounds.high), [2], type);
  return low === min && high === max;
}
