import { defineKernel, type Kernel } from '@octavo/backend';
import {
  CenterCropPad,
  Concat,
  DepthToSpace,
  Pad,
  Pad2,
  Slice,
  Slice1,
  SpaceToDepth,
  Split,
  Split2,
  sliceAxis,
  Tile,
  Trilu,
} from '@octavo/core/ir';
import { fromNumbers, normalizeAxis, type Tensor } from '@octavo/core/tensor';
import { concat } from '../concat.js';
import { evenly, OUTSIDE, pickRuns, upTo } from '../indices.js';
import { integers, refuse, scalar } from '../integer-operands.js';
import { operand } from '../operand.js';
import { type PadMode, paddedCoordinates } from '../padding.js';
import { gatherElements, gatherRuns, tiled } from '../rearrange.js';
import { transpose } from '../transpose.js';

/** The elements at every combination of coordinates; axes without a list keep all. */
function pick(data: Tensor, lists: ReadonlyMap<number, ArrayLike<number>>, fill?: Tensor): Tensor {
  const coordinates = data.shape.map((size, axis) => lists.get(axis) ?? upTo(size));
  const shape = coordinates.map((list) => list.length);
  return gatherRuns(data, shape, pickRuns(data.shape, coordinates), fill);
}

/** Consecutive parts along an axis; without `sizes`, `count` parts of which the last may be smaller. */
function split(data: Tensor, axis: number, count: number, sizes: readonly number[] | undefined): Tensor[] {
  const at = normalizeAxis(axis, data.shape.length);
  const total = data.shape[at] ?? 0;
  const part = Math.ceil(total / count);
  const lengths = sizes ?? Array.from(upTo(count), (i) => Math.max(0, Math.min(part, total - i * part)));
  if (lengths.reduce((sum, length) => sum + length, 0) !== total) {
    refuse(`parts of [${lengths.join(', ')}] do not fill an axis of size ${total}.`);
  }
  let offset = 0;
  return lengths.map((length) => {
    const start = offset;
    offset += length;
    return pick(data, new Map([[at, evenly(start, 1, length)]]));
  });
}

function slice(
  data: Tensor,
  starts: readonly number[],
  ends: readonly number[],
  axes: readonly number[] = starts.map((_, i) => i),
  steps: readonly number[] = starts.map(() => 1),
): Tensor {
  const lists = axes.map((axis, i): [number, Int32Array] => {
    const at = normalizeAxis(axis, data.shape.length);
    const { start, step, count } = sliceAxis(
      data.shape[at] ?? 0,
      starts[i] ?? 0,
      ends[i] ?? 0,
      steps[i] ?? 1,
    );
    return [at, evenly(start, step, count)];
  });
  return pick(data, new Map(lists));
}

function pad(
  data: Tensor,
  pads: readonly number[],
  axes: readonly number[] = [...data.shape.keys()],
  mode: PadMode,
  fill: Tensor | undefined,
): Tensor {
  if (pads.length !== 2 * axes.length) refuse(`${pads.length} pads for ${axes.length} axes.`);
  const lists = axes.map((axis, i): [number, Int32Array] => {
    const at = normalizeAxis(axis, data.shape.length);
    return [at, paddedCoordinates(data.shape[at] ?? 0, pads[i] ?? 0, pads[i + axes.length] ?? 0, mode)];
  });
  return pick(data, new Map(lists), fill);
}

function centerCropPad(data: Tensor, target: readonly number[], axes: readonly number[]): Tensor {
  const lists = axes.map((axis, i): [number, Int32Array] => {
    const at = normalizeAxis(axis, data.shape.length);
    const [from, to] = [data.shape[at] ?? 0, target[i] ?? 0];
    const shift = from > to ? Math.floor((from - to) / 2) : -Math.floor((to - from) / 2);
    const inside = (j: number) => j + shift >= 0 && j + shift < from;
    return [at, upTo(to).map((j) => (inside(j) ? j + shift : OUTSIDE))];
  });
  return pick(data, new Map(lists));
}

/** Reshape, reorder, reshape: how DepthToSpace and SpaceToDepth are defined. */
function regroup(
  data: Tensor,
  split: readonly number[],
  order: readonly number[],
  joined: readonly number[],
): Tensor {
  return transpose(data.reshape(split), order).reshape(joined);
}

function sizes4(data: Tensor): [number, number, number, number] {
  const [n, c, h, w] = data.shape;
  if (n === undefined || c === undefined || h === undefined || w === undefined || data.shape.length > 4) {
    refuse(`rank 4 is needed, found shape [${data.shape.join(', ')}].`);
  }
  return [n, c, h, w];
}

function triangle(data: Tensor, diagonal: number, upper: boolean): Tensor {
  const [rows, columns] = [data.shape.at(-2) ?? 1, data.shape.at(-1) ?? 1];
  const indices = upTo(data.size).map((i) => {
    const offset = (i % columns) - (Math.floor(i / columns) % rows);
    return (upper ? offset >= diagonal : offset <= diagonal) ? i : OUTSIDE;
  });
  return gatherElements(data, data.shape, indices);
}

export const arrangeKernels: readonly Kernel[] = [
  defineKernel(Concat, {
    prepare:
      ({ attributes: { axis } }) =>
      (inputs) => [
        concat(
          inputs.filter((tensor) => tensor !== undefined),
          axis,
        ),
      ],
  }),
  defineKernel(Split2, {
    prepare:
      ({ node, attributes: { axis, split: sizes } }) =>
      (inputs) =>
        split(operand(inputs, 0), axis, node.outputs.length, sizes),
  }),
  defineKernel(Split, {
    prepare:
      ({ node, attributes: { axis } }) =>
      (inputs) =>
        split(operand(inputs, 0), axis, node.outputs.length, integers(inputs[1])),
  }),
  defineKernel(Slice1, {
    prepare:
      ({ attributes: { starts, ends, axes } }) =>
      (inputs) => [slice(operand(inputs, 0), starts, ends, axes)],
  }),
  defineKernel(Slice, {
    prepare: () => (inputs) => {
      const [starts, ends] = [integers(operand(inputs, 1)), integers(operand(inputs, 2))];
      return [slice(operand(inputs, 0), starts, ends, integers(inputs[3]), integers(inputs[4]))];
    },
  }),
  defineKernel(Pad2, {
    prepare:
      ({ attributes: { mode, pads, value } }) =>
      (inputs) => {
        const data = operand(inputs, 0);
        return [pad(data, pads, undefined, mode, fromNumbers(data.dtype, [], [value]))];
      },
  }),
  defineKernel(Pad, {
    prepare:
      ({ attributes: { mode } }) =>
      (inputs) => [
        pad(operand(inputs, 0), integers(operand(inputs, 1)), integers(inputs[3]), mode, inputs[2]),
      ],
  }),
  defineKernel(Tile, {
    prepare: () => (inputs) => [tiled(operand(inputs, 0), integers(operand(inputs, 1)))],
  }),
  defineKernel(DepthToSpace, {
    prepare: ({ attributes: { blocksize: b, mode } }) => {
      const columnsFirst = mode === 'CRD';
      return (inputs) => {
        const data = operand(inputs, 0);
        const [n, c, h, w] = sizes4(data);
        const depth = c / b ** 2;
        const groups = columnsFirst ? [n, depth, b, b, h, w] : [n, b, b, depth, h, w];
        const order = columnsFirst ? [0, 1, 4, 2, 5, 3] : [0, 3, 4, 1, 5, 2];
        return [regroup(data, groups, order, [n, depth, h * b, w * b])];
      };
    },
  }),
  defineKernel(SpaceToDepth, {
    prepare:
      ({ attributes: { blocksize: b } }) =>
      (inputs) => {
        const data = operand(inputs, 0);
        const [n, c, h, w] = sizes4(data);
        const groups = [n, c, h / b, b, w / b, b];
        return [regroup(data, groups, [0, 3, 5, 1, 2, 4], [n, c * b * b, h / b, w / b])];
      },
  }),
  defineKernel(Trilu, {
    prepare:
      ({ attributes: { upper } }) =>
      (inputs) => [triangle(operand(inputs, 0), inputs[1] ? scalar(inputs[1]) : 0, upper !== 0)],
  }),
  defineKernel(CenterCropPad, {
    prepare:
      ({ attributes: { axes } }) =>
      (inputs) => {
        const data = operand(inputs, 0);
        return [centerCropPad(data, integers(operand(inputs, 1)), axes ?? [...data.shape.keys()])];
      },
  }),
];
