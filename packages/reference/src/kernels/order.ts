import { defineKernel, type Kernel, type Operands } from '@octavo/backend';
import { TopK, TopK1, Unique } from '@octavo/core/ir';
import {
  decodeStrings,
  int64,
  isBigInt,
  normalizeAxis,
  type Shape,
  Tensor,
  toNumbers,
} from '@octavo/core/tensor';
import { toBigInts } from '../arithmetic.js';
import { pickIndices, upTo } from '../indices.js';
import { refuse, scalar } from '../integer-operands.js';
import { operand } from '../operand.js';
import { gatherElements } from '../rearrange.js';
import { rowsAlong } from '../reductions.js';

type Ordered = number | bigint | string;

/** Elements that JavaScript orders as their dtype does; strings by their bytes. */
function ordered(tensor: Tensor): ArrayLike<Ordered> {
  if (isBigInt(tensor.dtype)) return toBigInts(tensor);
  if (tensor.is('string')) return decodeStrings(tensor.data).map(byteString);
  return toNumbers(tensor);
}

/** One UTF-16 unit a byte, so that strings compare as their bytes do. */
function byteString(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => String.fromCharCode(byte)).join('');
}

/** Negative where `a` comes first. What is no number is larger than every number, and all of it is equal. */
function compare(a: Ordered, b: Ordered): number {
  return a < b ? -1 : a > b ? 1 : Number(isNoNumber(a)) - Number(isNoNumber(b));
}

function isNoNumber(x: Ordered): boolean {
  return typeof x === 'number' && Number.isNaN(x);
}

/** The first `k` of each row in order; of equal elements the one with the lower index comes first. */
function top(data: Tensor, k: number, axis: number, largest: boolean): Operands {
  const at = normalizeAxis(axis, data.shape.length);
  const { count, length, indices } = rowsAlong(data.shape, [at]);
  if (k < 0 || k > length) refuse(`TopK wants ${k} of ${length} elements.`);
  const values = ordered(data);
  const shape = data.shape.with(at, k);
  const { indices: places } = rowsAlong(shape, [at]);
  const [from, positions] = [new Int32Array(count * k), new BigInt64Array(count * k)];
  const sign = largest ? -1 : 1;
  for (let row = 0; row < count; row++) {
    const value = (j: number) => values[indices[row * length + j] ?? 0] ?? 0;
    const order = upTo(length).sort((i, j) => sign * compare(value(i), value(j)) || i - j);
    for (let rank = 0; rank < k; rank++) {
      const place = places[row * k + rank] ?? 0;
      const position = order[rank] ?? 0;
      from[place] = indices[row * length + position] ?? 0;
      positions[place] = BigInt(position);
    }
  }
  return [gatherElements(data, shape, from), new Tensor('int64', shape, positions)];
}

/** Each slice along the axis as a list of elements, to be compared in lexicographic order. */
function slicesAlong(data: Tensor, axis: number): Ordered[][] {
  const values = ordered(data);
  const others = [...data.shape.keys()].filter((each) => each !== axis);
  const { count, length, indices } = rowsAlong(data.shape, others);
  return Array.from(upTo(count), (i) =>
    Array.from(indices.subarray(i * length, (i + 1) * length), (index) => values[index] ?? 0),
  );
}

function compareSlices(a: readonly Ordered[], b: readonly Ordered[]): number {
  for (const [i, element] of a.entries()) {
    const order = compare(element, b[i] ?? 0);
    if (order !== 0) return order;
  }
  return 0;
}

interface Group {
  readonly slice: readonly Ordered[];
  readonly first: number;
  readonly members: number[];
}

function unique(tensor: Tensor, axis: number | undefined, sorted: boolean): Operands {
  const data = axis === undefined ? tensor.reshape([tensor.size]) : tensor;
  const at = normalizeAxis(axis ?? 0, data.shape.length);
  const slices = slicesAlong(data, at);
  const groups = new Map<string, Group>();
  slices.forEach((slice, i) => {
    const key = slice.map(String).join('\u0000');
    const group = groups.get(key) ?? { slice, first: i, members: [] };
    group.members.push(i);
    groups.set(key, group);
  });
  const order = [...groups.values()];
  if (sorted) order.sort((a, b) => compareSlices(a.slice, b.slice));
  const inverse = new Array<number>(slices.length);
  order.forEach((group, rank) => {
    for (const member of group.members) inverse[member] = rank;
  });
  const firsts = order.map((group) => group.first);
  return [
    pickAlong(data, at, firsts),
    int64(firsts),
    int64(inverse),
    int64(order.map((group) => group.members.length)),
  ];
}

function pickAlong(data: Tensor, axis: number, list: readonly number[]): Tensor {
  const coordinates = data.shape.map((size, i) => (i === axis ? list : upTo(size)));
  const shape: Shape = data.shape.with(axis, list.length);
  return gatherElements(data, shape, pickIndices(data.shape, coordinates));
}

export const orderKernels: readonly Kernel[] = [
  defineKernel(TopK1, {
    prepare:
      ({ attributes: { axis, k } }) =>
      (inputs) =>
        top(operand(inputs, 0), k, axis, true),
  }),
  defineKernel(TopK, {
    prepare:
      ({ attributes: { axis, largest } }) =>
      (inputs) =>
        top(operand(inputs, 0), scalar(operand(inputs, 1)), axis, largest !== 0),
  }),
  defineKernel(Unique, {
    prepare:
      ({ attributes: { axis, sorted } }) =>
      (inputs) =>
        unique(operand(inputs, 0), axis, sorted !== 0),
  }),
];
