import { type DType, GraphError, normalizeAxis } from '../tensor/index.js';
import { type Dim, type TensorType, tensorType, type Value } from './value.js';

/** Dimensions of a tensor, or undefined when not even the rank is known. */
export type Dims = readonly Dim[] | undefined;

export function knownDim(dim: Dim | undefined): dim is number {
  return typeof dim === 'number';
}

/** The shape when every dimension is a number, else undefined. */
export function knownShape(dims: Dims): readonly number[] | undefined {
  if (!dims) return undefined;
  for (let axis = 0; axis < dims.length; axis++) if (typeof dims[axis] !== 'number') return undefined;
  return dims as readonly number[];
}

/** No tensor has more axes; a file that declares a longer shape is not worth the memory. */
const LARGEST_RANK = 1024;

/** Unknown dimensions of a shape that has `rank` elements; undefined when the rank is not known either. */
export function unknownDims(rank: Dim | undefined): Dims {
  return knownDim(rank) && rank <= LARGEST_RANK ? new Array<Dim>(rank).fill(null) : undefined;
}

export function dimsToString(dims: Dims): string {
  return dims ? `[${dims.map((dim) => dim ?? '?').join(', ')}]` : '[*]';
}

/** Reports a contradiction of types; `inferTypes` adds the node. Throws GraphError `INFER_TYPES`. */
export function contradiction(message: string, remedy?: string): never {
  throw new GraphError({ code: 'INFER_TYPES', message, remedy });
}

/** `axis` from the front; `INFER_TYPES` when it is outside the rank. */
export function axisIn(axis: number, rank: number): number {
  if (axis < -rank || axis >= rank) contradiction(`axis ${axis} is outside rank ${rank}.`);
  return normalizeAxis(axis, rank);
}

/** The product of dimensions: a number, a symbol when all the others are 1, else null. No dims give 1. */
export function productOfDims(dims: readonly Dim[]): Dim {
  let product = 1;
  let isKnown = true;
  let others = 0;
  let last: Dim = 1;
  for (let axis = 0; axis < dims.length; axis++) {
    const dim = dims[axis] ?? null;
    if (dim === 0) return 0;
    if (dim === 1) continue;
    others++;
    last = dim;
    if (typeof dim === 'number') product *= dim;
    else isKnown = false;
  }
  if (isKnown) return product;
  return others === 1 ? last : null;
}

/** The sum of dimensions; a symbol survives only when the others are 0. */
export function sumOfDims(dims: readonly Dim[]): Dim {
  const rest = dims.filter((dim) => dim !== 0);
  if (rest.every(knownDim)) return rest.reduce((sum, dim) => sum + dim, 0);
  return rest.length === 1 ? (rest[0] ?? null) : null;
}

/** Whether two descriptions of one dimension are different sizes. */
export function disagree(a: Dim | undefined, b: Dim | undefined): boolean {
  return knownDim(a) && knownDim(b) && a !== b;
}

/** One dimension described twice: the more precise description. Throws `INFER_TYPES` when two sizes differ. */
export function mergeDim(a: Dim, b: Dim): Dim {
  if (a === b || b === null) return a;
  if (typeof a !== 'number') return typeof b === 'number' || a === null ? b : a;
  if (typeof b === 'number') contradiction(`a dimension is both ${a} and ${b}.`);
  return a;
}

/** Whether two descriptions of shapes are the same. */
export function sameDims(a: Dims, b: Dims): boolean {
  if (a === b) return true;
  if (!a || !b || a.length !== b.length) return false;
  for (let axis = 0; axis < a.length; axis++) if (a[axis] !== b[axis]) return false;
  return true;
}

/** Two descriptions of one shape. Throws `INFER_TYPES` when ranks or sizes differ. */
export function mergeDims(a: Dims, b: Dims): Dims {
  if (!a || !b) return a ?? b;
  if (a.length !== b.length) {
    contradiction(`a shape is both ${dimsToString(a)} and ${dimsToString(b)}.`);
  }
  const merged = a.slice();
  for (let axis = 0; axis < a.length; axis++) merged[axis] = mergeDim(a[axis] ?? null, b[axis] ?? null);
  return merged;
}

function broadcastDim(a: Dim, b: Dim): Dim {
  if (a === 1) return b;
  if (b === 1 || a === b) return a;
  if (typeof a !== 'number') return typeof b === 'number' ? b : null;
  if (typeof b === 'number') contradiction(`dimensions ${a} and ${b} do not broadcast.`);
  return a;
}

/** The shape that numpy's broadcasting gives; undefined when a rank is unknown. Throws `INFER_TYPES`. */
export function broadcastDims(...shapes: readonly Dims[]): Dims {
  return shapes.reduce(broadcastTwo, []);
}

function broadcastTwo(a: Dims, b: Dims): Dims {
  if (!a || !b) return undefined;
  if (a.length === 0 || sameDims(a, b)) return b;
  const dims = a.length < b.length ? b.slice() : a.slice();
  const left = dims.length - a.length;
  const right = dims.length - b.length;
  for (let axis = left + right; axis < dims.length; axis++)
    dims[axis] = broadcastDim(a[axis - left] ?? null, b[axis - right] ?? null);
  return dims;
}

/** The element type that a value's numbers have: of a quantized value the expressed one. */
export function realDType(value: Value | undefined): DType | undefined {
  return value?.quantized?.expressed ?? value?.dtype;
}

/** A tensor type, or undefined when the dtype is unknown. */
export function typeOf(dtype: DType | undefined, shape?: Dims): TensorType | undefined {
  return dtype && tensorType(dtype, shape);
}

/** `[N, spatial..., C]` as `[N, C, spatial...]`. */
export function channelsFirstDims(dims: Dims): Dims {
  return dims && dims.length > 2 ? [dims[0] ?? null, dims.at(-1) ?? null, ...dims.slice(1, -1)] : dims;
}

/** `[N, C, spatial...]` as `[N, spatial..., C]`. */
export function channelsLastDims(dims: Dims): Dims {
  return dims && dims.length > 2 ? [dims[0] ?? null, ...dims.slice(2), dims[1] ?? null] : dims;
}

/** The output type of an op that keeps dtype and shape of one input. */
export function sameType(value: Value | undefined): readonly [TensorType | undefined] {
  return [typeOf(realDType(value), value?.shape)];
}

/** The output type of an op that broadcasts its inputs; `dtype` defaults to that of the first typed input. */
export function elementwise(
  inputs: readonly (Value | undefined)[],
  dtype?: DType,
): readonly [TensorType | undefined] {
  let result = dtype;
  let shape: Dims = [];
  for (let i = 0; i < inputs.length; i++) {
    const value = inputs[i];
    if (!value) continue;
    shape = broadcastTwo(shape, value.shape);
    result ??= realDType(value);
  }
  return [typeOf(result, shape)];
}

/**
 * The shape that Reshape gives: `0` copies the input's dimension (unless `allowZero`), one `-1` takes the rest.
 * `target` holds dims as `NodeContext.dims` gives them. Throws `INFER_TYPES` when the sizes do not fit.
 */
export function reshapeDims(input: Dims, target: readonly Dim[], allowZero = false): readonly Dim[] {
  if (target.filter((dim) => dim === -1).length > 1) contradiction(`the new shape has -1 more than once.`);
  const dims = target.map((dim, axis) => (dim === 0 && !allowZero ? (input?.[axis] ?? null) : dim));
  const unknown = dims.indexOf(-1);
  if (unknown >= 0) {
    dims[unknown] = input ? quotientOfDims(input, dims.toSpliced(unknown, 1)) : null;
    return dims;
  }
  const from = input && productOfDims(input);
  const to = productOfDims(dims);
  if (knownDim(from) && knownDim(to) && from !== to) {
    contradiction(`${dimsToString(input)} has ${from} elements, the new shape ${dimsToString(dims)} ${to}.`);
  }
  return dims;
}

/** What is left of `total` when `parts` are taken out; symbols that occur in both cancel. */
function quotientOfDims(total: readonly Dim[], parts: readonly Dim[]): Dim {
  const rest = [...total];
  const divisors = parts.filter((part) => {
    const at = typeof part === 'string' ? rest.indexOf(part) : -1;
    if (at >= 0) rest.splice(at, 1);
    return at < 0;
  });
  const divisor = productOfDims(divisors);
  if (!knownDim(divisor) || divisor === 0) return null;
  const symbols = rest.filter((dim) => !knownDim(dim));
  const size = rest.filter(knownDim).reduce((product, dim) => product * dim, 1);
  if (symbols.length === 0) {
    if (size % divisor !== 0) contradiction(`${size} elements do not divide into rows of ${divisor}.`);
    return size / divisor;
  }
  return symbols.length === 1 && size === divisor ? (symbols[0] ?? null) : null;
}
