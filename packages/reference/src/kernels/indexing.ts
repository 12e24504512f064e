import { defineKernel, type Kernel, type KernelFunction } from '@octavo/backend';
import {
  Compress,
  Gather,
  GatherElements,
  GatherND,
  NonZero,
  OneHot,
  ReverseSequence,
  Scatter,
  ScatterElements,
  ScatterND,
  TensorScatter,
} from '@octavo/core/ir';
import { elementCount, normalizeAxis, stridesOf, Tensor, toNumbers } from '@octavo/core/tensor';
import { pickIndices, stridedIndices, upTo } from '../indices.js';
import { integers, scalar } from '../integer-operands.js';
import { operand } from '../operand.js';
import { gatherElements } from '../rearrange.js';
import { elementPlaces, indexIn, scatter, slicePlaces } from '../scatter.js';

function gather(data: Tensor, indices: Tensor, axis: number): Tensor {
  const at = normalizeAxis(axis, data.shape.length);
  const size = data.shape[at] ?? 0;
  const list = integers(indices).map((index) => indexIn(index, size));
  const coordinates = data.shape.map((each, i) => (i === at ? list : upTo(each)));
  const shape = data.shape.toSpliced(at, 1, ...indices.shape);
  return gatherElements(data, shape, pickIndices(data.shape, coordinates));
}

function scatterKernel(op: typeof Scatter): Kernel {
  return defineKernel(op, {
    prepare:
      ({ attributes: { axis, reduction } }) =>
      (inputs) => {
        const [data, indices, updates] = [operand(inputs, 0), operand(inputs, 1), operand(inputs, 2)];
        const places = elementPlaces(data.shape, indices, normalizeAxis(axis, data.shape.length));
        return [scatter(data, places, updates, reduction)];
      },
  });
}

/** Writes the update's steps from each batch entry's write index on; circular caches wrap around. */
function tensorScatter(
  cache: Tensor,
  update: Tensor,
  writes: Tensor | undefined,
  axis: number,
  wrap: boolean,
): Tensor {
  const at = normalizeAxis(axis, cache.shape.length);
  const strides = stridesOf(cache.shape);
  const [size, steps] = [cache.shape[at] ?? 0, update.shape[at] ?? 0];
  const starts = writes && toNumbers(writes);
  const batches = update.size / (cache.shape[0] ?? 1);
  const inner = elementCount(update.shape.slice(at + 1));
  const places = stridedIndices(update.shape, strides.with(at, 0)).map((place, i) => {
    const step = (Math.floor(i / inner) % steps) + (starts?.[Math.floor(i / batches)] ?? 0);
    return place + indexIn(wrap ? step % size : step, size) * (strides[at] ?? 1);
  });
  return scatter(cache, places, update, 'none');
}

function oneHot(indices: Tensor, depth: number, values: Tensor, axis: number): Tensor {
  const at = normalizeAxis(axis, indices.shape.length + 1);
  const shape = indices.shape.toSpliced(at, 0, depth);
  const inner = elementCount(indices.shape.slice(at));
  const hot = toNumbers(indices);
  const chosen = Int32Array.from({ length: elementCount(shape) }, (_, i) => {
    const row = Math.floor(i / (inner * depth));
    const position = Math.floor(i / inner) % depth;
    const index = hot[row * inner + (i % inner)] ?? 0;
    return Number((index < 0 ? index + depth : index) === position);
  });
  return gatherElements(values, shape, chosen);
}

const nonZero: KernelFunction = (inputs) => {
  const data = operand(inputs, 0);
  const elements = toNumbers(data);
  const places = upTo(data.size).filter((i) => elements[i] !== 0);
  const strides = stridesOf(data.shape);
  const coordinates = new BigInt64Array(data.shape.length * places.length);
  data.shape.forEach((size, axis) => {
    const stride = strides[axis] ?? 1;
    places.forEach((place, i) => {
      coordinates[axis * places.length + i] = BigInt(Math.floor(place / stride) % size);
    });
  });
  return [new Tensor('int64', [data.shape.length, places.length], coordinates)];
};

function compress(data: Tensor, condition: Tensor, axis: number | undefined): Tensor {
  const from = axis === undefined ? data.reshape([data.size]) : data;
  const at = normalizeAxis(axis ?? 0, from.shape.length);
  const chosen = toNumbers(condition);
  const list = upTo(Math.min(from.shape[at] ?? 0, chosen.length)).filter((i) => chosen[i] !== 0);
  const coordinates = from.shape.map((size, i) => (i === at ? list : upTo(size)));
  return gatherElements(
    from,
    coordinates.map((each) => each.length),
    pickIndices(from.shape, coordinates),
  );
}

function reverseSequence(
  data: Tensor,
  lengths: ArrayLike<number>,
  batchAxis: number,
  timeAxis: number,
): Tensor {
  const strides = stridesOf(data.shape);
  const coordinate = (i: number, axis: number) =>
    Math.floor(i / (strides[axis] ?? 1)) % (data.shape[axis] ?? 1);
  const indices = Int32Array.from({ length: data.size }, (_, i) => {
    const length = lengths[coordinate(i, batchAxis)] ?? 0;
    const time = coordinate(i, timeAxis);
    return time < length ? i + (length - 1 - 2 * time) * (strides[timeAxis] ?? 1) : i;
  });
  return gatherElements(data, data.shape, indices);
}

export const indexingKernels: readonly Kernel[] = [
  defineKernel(Gather, {
    prepare:
      ({ attributes: { axis } }) =>
      (inputs) => [gather(operand(inputs, 0), operand(inputs, 1), axis)],
  }),
  defineKernel(GatherElements, {
    prepare:
      ({ attributes: { axis } }) =>
      (inputs) => {
        const [data, indices] = [operand(inputs, 0), operand(inputs, 1)];
        const places = elementPlaces(data.shape, indices, normalizeAxis(axis, data.shape.length));
        return [gatherElements(data, indices.shape, places)];
      },
  }),
  defineKernel(GatherND, {
    prepare:
      ({ attributes: { batch_dims: batch } }) =>
      (inputs) => {
        const [data, indices] = [operand(inputs, 0), operand(inputs, 1)];
        const depth = indices.shape.at(-1) ?? 0;
        const shape = [...indices.shape.slice(0, -1), ...data.shape.slice(batch + depth)];
        return [gatherElements(data, shape, slicePlaces(data.shape, indices, batch))];
      },
  }),
  scatterKernel(Scatter),
  scatterKernel(ScatterElements),
  defineKernel(ScatterND, {
    prepare:
      ({ attributes: { reduction } }) =>
      (inputs) => {
        const data = operand(inputs, 0);
        const places = slicePlaces(data.shape, operand(inputs, 1), 0);
        return [scatter(data, places, operand(inputs, 2), reduction)];
      },
  }),
  defineKernel(TensorScatter, {
    prepare:
      ({ attributes: { axis, mode } }) =>
      (inputs) => [
        tensorScatter(operand(inputs, 0), operand(inputs, 1), inputs[2], axis, mode === 'circular'),
      ],
  }),
  defineKernel(OneHot, {
    prepare:
      ({ attributes: { axis } }) =>
      (inputs) => [oneHot(operand(inputs, 0), scalar(operand(inputs, 1)), operand(inputs, 2), axis)],
  }),
  defineKernel(NonZero, { prepare: () => nonZero }),
  defineKernel(Compress, {
    prepare:
      ({ attributes: { axis } }) =>
      (inputs) => [compress(operand(inputs, 0), operand(inputs, 1), axis)],
  }),
  defineKernel(ReverseSequence, {
    prepare:
      ({ attributes: { batch_axis, time_axis } }) =>
      (inputs) => [reverseSequence(operand(inputs, 0), toNumbers(operand(inputs, 1)), batch_axis, time_axis)],
  }),
];
