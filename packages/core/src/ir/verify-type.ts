import { type QuantizedType, storageRange } from '../quant/index.js';
import { knownDim } from './dims.js';
import type { Dim, TensorType, Value } from './value.js';

/** What is wrong with a value's type, or undefined when nothing is. */
export function typeProblem(value: Value): string | undefined {
  const { type, constant } = value;
  if (type?.kind !== 'tensor') return constant && 'a constant needs a tensor type.';
  const negative = type.shape?.find((dim) => knownDim(dim) && (dim < 0 || !Number.isSafeInteger(dim)));
  if (negative !== undefined) return `its shape has the size ${negative}.`;
  if (constant) {
    if (constant.dtype !== type.dtype)
      return `it is declared as ${type.dtype}, its elements are ${constant.dtype}.`;
    const declared = type.shape ?? [];
    const { shape } = constant;
    if (declared.length !== shape.length || shape.some((size, axis) => declared[axis] !== size)) {
      return `it is declared as [${declared.join(', ')}], its elements are [${shape.join(', ')}].`;
    }
  }
  return type.quantized && quantizedProblem(type, type.quantized);
}

function quantizedProblem(type: TensorType, quantized: QuantizedType): string | undefined {
  const { storage, scales, zeroPoints } = quantized;
  if (storage !== type.dtype) return `its elements are ${type.dtype}, its quantized type stores ${storage}.`;
  if (scales.length !== zeroPoints.length) {
    return `it has ${scales.length} scales and ${zeroPoints.length} zero points.`;
  }
  if (!scales.every(Number.isFinite)) return 'a scale is not finite.';
  const { min, max } = storageRange(storage);
  const outside = zeroPoints.find((zero) => zero < min || zero > max);
  if (outside !== undefined) return `the zero point ${outside} is outside ${storage}.`;
  return granularityProblem(type.shape, quantized);
}

function granularityProblem(shape: readonly Dim[] | undefined, quantized: QuantizedType): string | undefined {
  const { granularity, scales } = quantized;
  if (granularity.kind === 'per-tensor') {
    return scales.length === 1 ? undefined : `per tensor means 1 scale, found ${scales.length}.`;
  }
  if (!shape) return undefined;
  const { axis } = granularity;
  const size = shape[axis];
  if (size === undefined) return `its quantization axis ${axis} is outside rank ${shape.length}.`;
  if (granularity.kind === 'per-axis') {
    const fits = !knownDim(size) || size === scales.length;
    return fits ? undefined : `axis ${axis} has ${size} indices and ${scales.length} scales.`;
  }
  if (!(granularity.blockSize >= 1)) return `its block size is ${granularity.blockSize}.`;
  const sizes = shape.map((dim, i) =>
    i === axis && knownDim(dim) ? Math.ceil(dim / granularity.blockSize) : dim,
  );
  const blocks = sizes.filter(knownDim).reduce((product, dim) => product * dim, 1);
  const fits = !sizes.every(knownDim) || blocks === scales.length;
  return fits ? undefined : `its shape has ${blocks} blocks and ${scales.length} scales.`;
}
