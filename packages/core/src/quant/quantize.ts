import {
  allocate,
  type FloatDType,
  fromNumbers,
  type NumberArray,
  QuantizationError,
  type Shape,
  Tensor,
  toNumbers,
} from '../tensor/index.js';
import { checkQuantizedType, forEachGroupRun, type GroupRun } from './groups.js';
import { type QuantizedType, type QuantRange, type StorageDType, storageRange } from './quantized-type.js';
import { roundSmall } from './rounding.js';

/**
 * ONNX QuantizeLinear: `q = sat(rne(f32(x / scale)) + zeroPoint)`; NaN gives the smallest integer.
 * float16 and bfloat16 values are widened first, float64 values rounded to float32.
 * @param range The integers to saturate at; all of the storage dtype by default.
 * @returns a tensor of the storage dtype and the same shape; sub-byte types are packed.
 * @throws QuantizationError `QUANT_DTYPE` when the tensor is not float; as `checkQuantizedType` otherwise.
 */
export function quantize(
  tensor: Tensor<FloatDType>,
  type: QuantizedType,
  range?: QuantRange,
): Tensor<StorageDType> {
  if (!(tensor.is('float32') || tensor.is('float16') || tensor.is('bfloat16') || tensor.is('float64'))) {
    throw new QuantizationError({
      code: 'QUANT_DTYPE',
      message: `quantizing takes a float tensor, found ${(tensor as Tensor).dtype}.`,
    });
  }
  const integers = quantizeNumbers(toNumbers(tensor), tensor.shape, type, range);
  return storeIntegers(type.storage, tensor.shape, integers);
}

/** The integers of {@link quantize}, one array slot an element. `values` is row-major over `shape`. */
export function quantizeNumbers(
  values: NumberArray,
  shape: Shape,
  type: QuantizedType,
  range: QuantRange = storageRange(type.storage),
): NumberArray {
  checkQuantizedType(type, shape);
  checkLength(values, shape);
  const out = allocateIntegers(type.storage, values.length);
  forEachGroupRun(shape, type.granularity, (run) => {
    if (run.step === 0) quantizeRun(values, out, run, type, range);
    else quantizeAcross(values, out, run, type, range);
  });
  return out;
}

/** One scale for the whole run. Clamping before rounding gives the same integers: the bounds are integers. */
function quantizeRun(
  x: NumberArray,
  out: NumberArray,
  run: GroupRun,
  type: QuantizedType,
  range: QuantRange,
) {
  const scale = type.scales[run.group] ?? 1;
  const zeroPoint = type.zeroPoints[run.group] ?? 0;
  const low = range.min - zeroPoint;
  const high = range.max - zeroPoint;
  const end = run.start + run.count;
  for (let i = run.start; i < end; i++) {
    const v = Math.fround(Math.fround(x[i] ?? 0) / scale);
    out[i] = roundSmall(v >= low ? (v <= high ? v : high) : low) + zeroPoint;
  }
}

/** The next scale for each next element. */
function quantizeAcross(
  x: NumberArray,
  out: NumberArray,
  run: GroupRun,
  type: QuantizedType,
  range: QuantRange,
) {
  const { scales, zeroPoints } = type;
  for (let i = 0; i < run.count; i++) {
    const zeroPoint = zeroPoints[run.group + i] ?? 0;
    const v = Math.fround(Math.fround(x[run.start + i] ?? 0) / (scales[run.group + i] ?? 1));
    const low = range.min - zeroPoint;
    const high = range.max - zeroPoint;
    out[run.start + i] = roundSmall(v >= low ? (v <= high ? v : high) : low) + zeroPoint;
  }
}

/** An array that holds integers of `storage`, one slot an element (sub-byte types take a byte each). */
export function allocateIntegers(storage: StorageDType, count: number): NumberArray {
  switch (storage) {
    case 'int4':
    case 'int2':
      return new Int8Array(count);
    case 'uint4':
    case 'uint2':
      return new Uint8Array(count);
    default:
      return allocate(storage, count);
  }
}

/** A tensor of the storage dtype from integers that are in its range; packs sub-byte types. */
export function storeIntegers(
  storage: StorageDType,
  shape: Shape,
  integers: NumberArray,
): Tensor<StorageDType> {
  if (storage === 'int8' && integers instanceof Int8Array) return new Tensor(storage, shape, integers);
  if (storage === 'uint8' && integers instanceof Uint8Array) return new Tensor(storage, shape, integers);
  return fromNumbers(storage, shape, integers);
}

function checkLength(values: NumberArray, shape: Shape): void {
  const count = shape.reduce((a, b) => a * b, 1);
  if (values.length === count) return;
  throw new QuantizationError({
    code: 'QUANT_LENGTH',
    message: `shape [${shape.join(', ')}] has ${count} elements, found ${values.length}.`,
  });
}
