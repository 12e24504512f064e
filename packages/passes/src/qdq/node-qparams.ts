import { DequantizeLinear, type Node, QuantizeLinear, storedConstant, type Value } from '@octavo/core/ir';
import {
  type Granularity,
  isStorageDType,
  PER_TENSOR,
  type QuantizedType,
  type StorageDType,
  symmetricZeroPoint,
} from '@octavo/core/quant';
import { type DType, dtypeFromOnnx, GraphError, isFloat, type Tensor, toNumbers } from '@octavo/core/tensor';

/** The quantized type, or why there is none. */
export type QparamsResult =
  | { readonly type: QuantizedType; readonly reason?: undefined }
  | { readonly type?: undefined; readonly reason: string };

/** What names one set of qparams in a graph. */
export interface QparamsSource {
  /** Node for messages. */
  readonly node: Node;
  readonly storage: DType | undefined;
  readonly scale: Value | undefined;
  readonly zeroPoint: Value | undefined;
  /** Axis of a scale with rank 1, counted from the front. */
  readonly axis: number;
  /** 0 when the scales are no blocks. */
  readonly blockSize: number;
}

/**
 * Reads qparams from scale and zero point initializers. The same initializers with the same axis give the same
 * `QuantizedType` object, so tied scales stay tied.
 */
export class QparamsReader {
  /** By scale and zero point. */
  private readonly known = new Map<Value | undefined, Map<Value | undefined, Reading[]>>();

  /** The type that a QuantizeLinear gives its output or a DequantizeLinear expects of its input. */
  ofNode(node: Node): MaybeLater<QparamsResult> {
    if (node.op.key === QuantizeLinear.key) {
      const { x, y_scale, y_zero_point } = QuantizeLinear.inputs(node);
      const { output_dtype, axis, block_size } = QuantizeLinear.attributes(node);
      const storage = y_zero_point?.dtype ?? dtypeFromOnnx(output_dtype) ?? 'uint8';
      const at = axisOf(axis, x);
      return this.read({
        node,
        storage,
        scale: y_scale,
        zeroPoint: y_zero_point,
        axis: at,
        blockSize: block_size,
      });
    }
    const { x, x_scale, x_zero_point } = DequantizeLinear.inputs(node);
    const { axis, block_size } = DequantizeLinear.attributes(node);
    const storage = x.dtype ?? x_zero_point?.dtype;
    const at = axisOf(axis, x);
    return this.read({
      node,
      storage,
      scale: x_scale,
      zeroPoint: x_zero_point,
      axis: at,
      blockSize: block_size,
    });
  }

  /**
   * At once where the scale and the zero point are in memory, as those of few elements are.
   * @throws GraphError `QDQ_SCALE` when a scale is NaN or infinite.
   */
  read(source: QparamsSource): MaybeLater<QparamsResult> {
    const { scale, zeroPoint } = source;
    const ofScale = this.known.get(scale) ?? new Map<Value | undefined, Reading[]>();
    this.known.set(scale, ofScale);
    const readings = ofScale.get(zeroPoint) ?? [];
    ofScale.set(zeroPoint, readings);
    for (const reading of readings) if (namesSame(reading.source, source)) return reading.result;
    const result = readQparams(source);
    readings.push({ source, result });
    return result;
  }
}

/** What is known at once, or once something was read. */
type MaybeLater<T> = T | Promise<T>;

interface Reading {
  readonly source: QparamsSource;
  readonly result: MaybeLater<QparamsResult>;
}

/** Of two sources of the same scale and zero point. */
function namesSame(a: QparamsSource, b: QparamsSource): boolean {
  return a.storage === b.storage && a.axis === b.axis && a.blockSize === b.blockSize;
}

/** The default axis 1 of a vector's qparams means its only axis. */
function axisOf(axis: number, x: Value): number {
  const rank = x.shape?.length;
  if (rank === 1) return 0;
  return axis < 0 && rank !== undefined ? axis + rank : axis;
}

function readQparams(source: QparamsSource): MaybeLater<QparamsResult> {
  const { storage } = source;
  if (!storage || !isStorageDType(storage)) {
    return { reason: `${storage ?? 'an unknown type'} is no type that quantized values are stored in` };
  }
  const scale = storedConstant(source.scale);
  const zeroPoint = storedConstant(source.zeroPoint);
  if (!scale || (source.zeroPoint && !zeroPoint))
    return { reason: 'its scale or zero point is not constant' };
  if (zeroPoint && zeroPoint.dtype !== storage) {
    return { reason: `its zero point is ${zeroPoint.dtype}, its integers are ${storage}` };
  }
  if (zeroPoint && zeroPoint.size !== scale.size && zeroPoint.size !== 1) {
    return { reason: `it has ${scale.size} scales and ${zeroPoint.size} zero points` };
  }
  const [scales, zeroPoints] = [scale.peek(), zeroPoint?.peek()];
  return scales && (zeroPoints || !zeroPoint)
    ? typeOf(source, storage, scales, zeroPoints)
    : Promise.all([scale.load(), zeroPoint?.load()]).then((loaded) => typeOf(source, storage, ...loaded));
}

function typeOf(
  source: QparamsSource,
  storage: StorageDType,
  scale: Tensor,
  zeroPoint: Tensor | undefined,
): QparamsResult {
  if (!isFloat(scale.dtype)) return { reason: `its scale is ${scale.dtype}` };
  const scales = new Float32Array(toNumbers(scale));
  checkScales(scales, source);
  const zeroPoints = zeroPointsOf(zeroPoint, scales.length);
  return {
    type: {
      storage,
      expressed: scale.dtype,
      granularity: granularityOf(source, scale.size),
      symmetric: areAll(zeroPoints, symmetricZeroPoint(storage)),
      scales,
      zeroPoints,
    },
  };
}

function areAll(zeroPoints: Int32Array, expected: number): boolean {
  const { length } = zeroPoints;
  for (let i = 0; i < length; i++) if (zeroPoints[i] !== expected) return false;
  return true;
}

function zeroPointsOf(tensor: Tensor | undefined, count: number): Int32Array {
  if (!tensor) return new Int32Array(count);
  const values = toNumbers(tensor);
  return values.length === count ? new Int32Array(values) : new Int32Array(count).fill(values[0] ?? 0);
}

function granularityOf({ axis, blockSize }: QparamsSource, count: number): Granularity {
  if (blockSize > 0) return { kind: 'per-block', axis, blockSize };
  return count === 1 ? PER_TENSOR : { kind: 'per-axis', axis };
}

function checkScales(scales: Float32Array, { node, scale }: QparamsSource): void {
  if (scales.every(Number.isFinite)) return;
  const bad = scales.find((each) => !Number.isFinite(each));
  throw new GraphError({
    code: 'QDQ_SCALE',
    where: `node ${node.label}, tensor ${scale?.name ?? ''}`,
    message: `a scale is ${bad}; scales are finite.`,
    remedy: 'Quantize the model again; its calibration data probably held NaN or infinity.',
  });
}

/** Storage dtype of a value that holds integers, undefined otherwise. */
export function storageOf(value: Value | undefined): StorageDType | undefined {
  const dtype = value?.dtype;
  return dtype && isStorageDType(dtype) ? dtype : undefined;
}
