import type { Node, Value } from '@octavo/core/ir';
import {
  channelOfOtherScale,
  hasZeroPoint,
  type QuantizedType,
  requantizationMultipliers,
} from '@octavo/core/quant';
import { type DType, KernelError, type Tensor, toNumbers } from '@octavo/core/tensor';
import type { ProductEpilogue } from './product-epilogue.js';
import { fitsBytes } from './weight-bytes.js';

/** The scales and zero points of an operand: one, or one an output channel of the weights. */
export type Qparams = Pick<QuantizedType, 'scales' | 'zeroPoints'>;

/** What a product of quantized values is made of. */
export interface ProductTypes {
  readonly x: Qparams;
  readonly w: Qparams;
  /** Absent when the product's output is float. */
  readonly y: (Qparams & { readonly storage: DType }) | undefined;
}

/**
 * Why the native kernels do not multiply a node's quantized values, or undefined when they do.
 * @param channelAxis Axis of w that counts output channels.
 */
export function declineProduct(node: Node, channelAxis: number): string | undefined {
  const [x, w, bias] = node.inputs;
  const y = node.output;
  if (!x?.quantized || !w?.quantized || !y) return 'its operands are not quantized';
  if (!isBytes(x) || !fitsBytes(w)) return `no kernel for ${x.dtype} times ${w.dtype}`;
  if (!w.constant) return 'its weights are not constant';
  if (x.quantized.granularity.kind !== 'per-tensor') return 'its input is not quantized per tensor';
  const { granularity } = w.quantized;
  if (granularity.kind === 'per-block') return 'its weights are quantized in blocks';
  const rank = w.shape?.length ?? 0;
  if (granularity.kind === 'per-axis' && (granularity.axis + rank) % rank !== channelAxis)
    return `its weights are quantized along axis ${granularity.axis}`;
  if (y.quantized ? !isBytes(y) || y.quantized.granularity.kind !== 'per-tensor' : y.dtype !== 'float32')
    return `no kernel with ${y.dtype ?? 'untyped'} output`;
  return (
    declineScales({ x: x.quantized, w: w.quantized, y: y.quantized }) ??
    (bias ? declineBias(bias, x.quantized, w.quantized) : undefined)
  );
}

/** Kernels take finite multipliers only; an output scale of 0 gives others. */
export function declineScales(types: ProductTypes): string | undefined {
  return multipliersOf(types).areFinite ? undefined : 'its scales give multipliers that are not finite';
}

function declineBias(bias: Value, x: QuantizedType, w: QuantizedType): string | undefined {
  const type = bias.quantized;
  if (!bias.constant || type?.storage !== 'int32' || hasZeroPoint(type))
    return 'its bias is no int32 constant';
  return channelOfOtherScale(type, x, w) < 0 ? undefined : 'its bias has other scales than its product';
}

/** Whether the integers of a value are 8 bits wide. */
export function isBytes(value: Value | undefined): boolean {
  return value?.dtype === 'int8' || value?.dtype === 'uint8';
}

/** The quantized types of a node that {@link declineProduct} accepted. */
export function productTypes({ inputs: [x, w], output }: Node): ProductTypes {
  if (!x?.quantized || !w?.quantized) {
    throw new KernelError({ code: 'KERNEL_QUANTIZED', message: 'x and w are quantized.' });
  }
  return { x: x.quantized, w: w.quantized, y: output?.quantized };
}

/** Requantization to y, or dequantization where y is float; the bias is added in int32. */
export function epilogueOf(
  { x, w, y }: ProductTypes,
  bias: Int32Array | undefined,
): Exclude<ProductEpilogue, { output: 'int32' }> {
  const { scales } = multipliersOf({ x, w, y });
  if (!y) return { output: 'float32', bias, scales };
  const isSigned = y.storage === 'int8';
  return {
    output: isSigned ? 'int8' : 'uint8',
    bias,
    scales,
    zeroPoint: y.zeroPoints[0] ?? 0,
    min: isSigned ? -128 : 0,
    max: isSigned ? 127 : 255,
  };
}

/** What the sums of a product are multiplied by, and for which scales of its input and output. */
interface Multipliers {
  readonly inputScale: number;
  readonly outputScale: number | undefined;
  readonly scales: Float32Array;
  readonly areFinite: boolean;
}

/** By the scales of weights, which do not change: a node is asked about more than once before it is lowered. */
const latest = new WeakMap<Float32Array, Multipliers>();

/** `f32(f32(s_x * s_w[c]) / s_y)`, or `f32(s_x * s_w[c])` where y is float. */
function multipliersOf({ x, w, y }: ProductTypes): Multipliers {
  const inputScale = x.scales[0] ?? 1;
  const outputScale = y && (y.scales[0] ?? 1);
  const known = latest.get(w.scales);
  if (known?.inputScale === inputScale && known.outputScale === outputScale) return known;
  const scales = requantizationMultipliers(inputScale, w.scales, outputScale ?? 1);
  const made = { inputScale, outputScale, scales, areFinite: scales.every(Number.isFinite) };
  latest.set(w.scales, made);
  return made;
}

/** The bias of a node as int32, one for each channel. */
export function biasOf(tensor: Tensor | undefined): Int32Array | undefined {
  if (!tensor) return undefined;
  if (tensor.is('int32')) return tensor.data;
  throw new KernelError({ code: 'KERNEL_DTYPE', message: `expected an int32 bias, found ${tensor.dtype}.` });
}

/** Zero points as kernels take them: none where all are 0, which spares the sums of the input's rows. */
export function zeroPointsOf(type: Pick<Qparams, 'zeroPoints'>): Int32Array | undefined {
  return hasZeroPoint(type) ? type.zeroPoints : undefined;
}

/** The elements of a zero point or bias operand. */
export function integersOf(tensor: Tensor | undefined): Int32Array {
  return tensor ? Int32Array.from(toNumbers(tensor)) : new Int32Array(1);
}
