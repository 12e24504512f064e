import { KernelError } from '@octavo/core/tensor';
import { OUTSIDE, upTo } from './indices.js';

export type CoordinateMode =
  | 'half_pixel'
  | 'half_pixel_symmetric'
  | 'pytorch_half_pixel'
  | 'align_corners'
  | 'asymmetric'
  | 'tf_half_pixel_for_nn'
  | 'tf_crop_and_resize';

export type NearestMode = 'round_prefer_floor' | 'round_prefer_ceil' | 'floor' | 'ceil';

/** One axis to be resized from `from` to `to` elements; `crop` holds normalized start and end of the region. */
export interface AxisResize {
  readonly from: number;
  readonly to: number;
  readonly scale: number;
  readonly coordinates: CoordinateMode;
  readonly crop: readonly [number, number];
}

/** The input elements that one output element mixes, and their weights; empty where it lies outside the crop. */
export interface FilterTap {
  readonly indices: readonly number[];
  readonly weights: readonly number[];
}

/** Where output element `x` lies on the input axis (ONNX Resize, `coordinate_transformation_mode`). */
function originalCoordinate(x: number, { from, to, scale, coordinates, crop }: AxisResize): number {
  const resized = scale * from;
  switch (coordinates) {
    case 'half_pixel':
      return (x + 0.5) / scale - 0.5;
    case 'half_pixel_symmetric':
      return (from / 2) * (1 - to / resized) + (x + 0.5) / scale - 0.5;
    case 'pytorch_half_pixel':
      return resized > 1 ? (x + 0.5) / scale - 0.5 : 0;
    case 'align_corners':
      return resized === 1 ? 0 : (x * (from - 1)) / (resized - 1);
    case 'asymmetric':
      return x / scale;
    case 'tf_half_pixel_for_nn':
      return (x + 0.5) / scale;
    case 'tf_crop_and_resize': {
      const [start, end] = crop;
      const span = (end - start) * (from - 1);
      return start * (from - 1) + (to > 1 ? (x * span) / (to - 1) : span / 2);
    }
  }
}

function isOutside(at: number, { from, coordinates }: AxisResize): boolean {
  return coordinates === 'tf_crop_and_resize' && (at < 0 || at > from - 1);
}

/** The one input coordinate of each output element, or OUTSIDE. */
export function nearestCoordinates(axis: AxisResize, mode: NearestMode): Int32Array {
  const round = {
    round_prefer_floor: (at: number) => Math.ceil(at - 0.5),
    round_prefer_ceil: (at: number) => Math.floor(at + 0.5),
    floor: Math.floor,
    ceil: Math.ceil,
  }[mode];
  return upTo(axis.to).map((x) => {
    const at = originalCoordinate(x, axis);
    return isOutside(at, axis) ? OUTSIDE : Math.min(Math.max(round(at), 0), axis.from - 1);
  });
}

/** The most places along an axis that are mixed of others: what each mixes is a list. */
const MOST_TAPS = 2 ** 22;

function checkedTaps(count: number): number {
  if (count <= MOST_TAPS) return count;
  throw new KernelError({
    code: 'KERNEL_SIZE',
    message: `an axis is resized to ${count} elements; that works up to ${MOST_TAPS}, by mode nearest to more.`,
  });
}

/** A filter: its weight at a distance in input elements, and how far it reaches. */
export interface Filter {
  readonly reach: number;
  readonly weight: (distance: number) => number;
}

export const LINEAR: Filter = { reach: 1, weight: (distance) => Math.max(0, 1 - Math.abs(distance)) };

/** Keys' cubic convolution with coefficient `a`. */
export function cubic(a: number): Filter {
  return {
    reach: 2,
    weight: (distance) => {
      const x = Math.abs(distance);
      if (x <= 1) return ((a + 2) * x - (a + 3)) * x * x + 1;
      return x < 2 ? ((a * x - 5 * a) * x + 8 * a) * x - 4 * a : 0;
    },
  };
}

/**
 * What each output element mixes. `antialias` widens the filter when shrinking; coordinates beyond the edge repeat
 * it, or with `excludeOutside` weigh nothing.
 */
export function filterTaps(
  axis: AxisResize,
  filter: Filter,
  options: { readonly antialias: boolean; readonly excludeOutside: boolean },
): FilterTap[] {
  const stretch = options.antialias ? Math.min(1, axis.scale) : 1;
  const reach = filter.reach / stretch;
  return Array.from(upTo(checkedTaps(axis.to)), (x) => {
    const at = originalCoordinate(x, axis);
    if (isOutside(at, axis)) return { indices: [], weights: [] };
    const first = Math.floor(at - reach) + 1;
    const places = Array.from(upTo(Math.ceil(at + reach) - first), (i) => first + i);
    const inside = (place: number) => place >= 0 && place < axis.from;
    const weights = places.map((place) =>
      options.excludeOutside && !inside(place) ? 0 : filter.weight((place - at) * stretch),
    );
    const total = weights.reduce((sum, weight) => sum + weight, 0);
    return {
      indices: places.map((place) => Math.min(Math.max(place, 0), axis.from - 1)),
      weights: weights.map((weight) => weight / total),
    };
  });
}
