import { defineKernel, type Kernel } from '@octavo/backend';
import {
  Resize,
  Resize10,
  type ResizedAxis,
  type ResizeTarget,
  resizedAxes,
  Upsample,
  Upsample7,
} from '@octavo/core/ir';
import { elementCount, fromNumbers, type Shape, type Tensor, toNumbers } from '@octavo/core/tensor';
import { floatTensor } from '../floats.js';
import { pickIndices, upTo } from '../indices.js';
import { integers, refuse } from '../integer-operands.js';
import { operand } from '../operand.js';
import { gatherElements } from '../rearrange.js';
import {
  type AxisResize,
  type CoordinateMode,
  cubic,
  type Filter,
  type FilterTap,
  filterTaps,
  LINEAR,
  type NearestMode,
  nearestCoordinates,
} from '../resize-axis.js';

interface ResizeOptions {
  readonly mode: 'nearest' | 'linear' | 'cubic';
  readonly coordinates: CoordinateMode;
  readonly nearest: NearestMode;
  readonly cubicA: number;
  readonly antialias: boolean;
  readonly excludeOutside: boolean;
  readonly extrapolation: number;
}

/** What Resize meant before it could be configured. */
const ASYMMETRIC: Omit<ResizeOptions, 'mode'> = {
  coordinates: 'asymmetric',
  nearest: 'floor',
  cubicA: -0.75,
  antialias: false,
  excludeOutside: false,
  extrapolation: 0,
};

function resize(data: Tensor, target: ResizeTarget, roi: readonly number[], options: ResizeOptions): Tensor {
  const axes = resizedAxes(data.shape, target);
  const plans = axes.map((axis, i): [ResizedAxis, AxisResize] => [
    axis,
    {
      from: data.shape[axis.axis] ?? 0,
      to: axis.size,
      scale: axis.scale,
      coordinates: options.coordinates,
      crop: [roi[i] ?? 0, roi[i + axes.length] ?? 1],
    },
  ]);
  return options.mode === 'nearest'
    ? nearest(data, plans, options)
    : filtered(data, plans, options, options.mode === 'linear' ? LINEAR : cubic(options.cubicA));
}

function nearest(data: Tensor, plans: readonly [ResizedAxis, AxisResize][], options: ResizeOptions): Tensor {
  const lists = data.shape.map((size) => upTo(size));
  for (const [{ axis }, plan] of plans) lists[axis] = nearestCoordinates(plan, options.nearest);
  const shape = lists.map((list) => list.length);
  const fill = fromNumbers(data.dtype, [], [options.extrapolation]);
  return gatherElements(data, shape, pickIndices(data.shape, lists), fill);
}

/** Filters axis by axis; the order does not matter because the filters are separable. */
function filtered(
  data: Tensor,
  plans: readonly [ResizedAxis, AxisResize][],
  options: ResizeOptions,
  filter: Filter,
): Tensor {
  let values = Float64Array.from(toNumbers(data));
  let shape = data.shape;
  const outside: [number, FilterTap[]][] = [];
  for (const [{ axis }, plan] of plans) {
    if (plan.from === plan.to && plan.scale === 1 && plan.coordinates !== 'tf_crop_and_resize') continue;
    const taps = filterTaps(plan, filter, options);
    values = mixAlong(values, shape, axis, taps);
    shape = shape.with(axis, plan.to);
    outside.push([axis, taps]);
  }
  for (const [axis, taps] of outside) extrapolate(values, shape, axis, taps, options.extrapolation);
  return floatTensor(data.dtype, shape, values);
}

function mixAlong(
  values: Float64Array,
  shape: Shape,
  axis: number,
  taps: readonly FilterTap[],
): Float64Array<ArrayBuffer> {
  const from = shape[axis] ?? 0;
  const inner = elementCount(shape.slice(axis + 1));
  const outer = elementCount(shape.slice(0, axis));
  const result = new Float64Array(outer * taps.length * inner);
  for (let o = 0; o < outer; o++) {
    taps.forEach(({ indices, weights }, x) => {
      for (let i = 0; i < inner; i++) {
        let sum = 0;
        for (let t = 0; t < indices.length; t++) {
          sum += (weights[t] ?? 0) * (values[(o * from + (indices[t] ?? 0)) * inner + i] ?? 0);
        }
        result[(o * taps.length + x) * inner + i] = sum;
      }
    });
  }
  return result;
}

function extrapolate(
  values: Float64Array,
  shape: Shape,
  axis: number,
  taps: readonly FilterTap[],
  value: number,
): void {
  const inner = elementCount(shape.slice(axis + 1));
  for (let i = 0; i < values.length; i++) {
    if (taps[Math.floor(i / inner) % taps.length]?.indices.length === 0) values[i] = value;
  }
}

/** The scales of an operand; undefined when it is left out or empty. */
function listOf(tensor: Tensor | undefined): number[] | undefined {
  return tensor && tensor.size > 0 ? Array.from(toNumbers(tensor)) : undefined;
}

export const resizeKernels: readonly Kernel[] = [
  defineKernel(Resize, {
    prepare: ({ attributes }) => {
      const options: ResizeOptions = {
        mode: attributes.mode,
        coordinates: attributes.coordinate_transformation_mode,
        nearest: attributes.nearest_mode,
        cubicA: attributes.cubic_coeff_a,
        antialias: attributes.antialias !== 0,
        excludeOutside: attributes.exclude_outside !== 0,
        extrapolation: attributes.extrapolation_value,
      };
      const { axes, keep_aspect_ratio_policy: policy } = attributes;
      return (inputs) => {
        const sizes = listOf(inputs[3]);
        const scales = sizes ? undefined : (listOf(inputs[2]) ?? refuse('Resize needs scales or sizes.'));
        return [
          resize(operand(inputs, 0), { sizes, scales, axes, policy }, listOf(inputs[1]) ?? [], options),
        ];
      };
    },
  }),
  defineKernel(Upsample7, {
    prepare:
      ({ attributes: { mode, scales } }) =>
      (inputs) => [resize(operand(inputs, 0), { scales }, [], { ...ASYMMETRIC, mode })],
  }),
  ...[Resize10, Upsample].map((op) =>
    defineKernel(op, {
      prepare:
        ({ attributes: { mode } }) =>
        (inputs) => {
          const scales = integers(operand(inputs, 1));
          return [resize(operand(inputs, 0), { scales }, [], { ...ASYMMETRIC, mode })];
        },
    }),
  ),
];
