/** An element along one axis and how much it counts; index -1 stands for a zero outside. */
export interface Tap {
  readonly index: number;
  readonly weight: number;
}

export type Interpolation = 'nearest' | 'linear' | 'cubic';
export type GridPadding = 'zeros' | 'border' | 'reflection';

/** Where the pixels of an axis end: in their centres when corners are aligned, else half a pixel further. */
function bounds(size: number, alignCorners: boolean): readonly [number, number] {
  return alignCorners ? [0, size - 1] : [-0.5, size - 0.5];
}

/** The pixel coordinate of a grid coordinate: -1 and 1 are the bounds of the axis. */
export function pixelCoordinate(grid: number, size: number, alignCorners: boolean): number {
  const [low, high] = bounds(size, alignCorners);
  return low + ((grid + 1) / 2) * (high - low);
}

/** Elements that interpolate an axis of `size` at a pixel coordinate (ONNX GridSample). */
export function tapsAt(
  coordinate: number,
  size: number,
  interpolation: Interpolation,
  padding: GridPadding,
  alignCorners: boolean,
): Tap[] {
  const [low, high] = bounds(size, alignCorners);
  const place = (index: number): number => {
    if (padding === 'border') return Math.min(Math.max(index, 0), size - 1);
    if (padding === 'reflection') return Math.min(Math.max(reflect(index, low, high), 0), size - 1);
    return index >= 0 && index < size ? index : -1;
  };
  return rawTaps(insideOf(coordinate, size, interpolation, padding, alignCorners), interpolation).map(
    ({ index, weight }) => ({ index: place(index), weight }),
  );
}

/** Coordinates beyond the bounds, clamped or reflected before interpolation; cubic pads its elements only. */
function insideOf(
  coordinate: number,
  size: number,
  interpolation: Interpolation,
  padding: GridPadding,
  alignCorners: boolean,
): number {
  const [low, high] = bounds(size, alignCorners);
  if (interpolation === 'cubic' || padding === 'zeros') return coordinate;
  if (padding === 'border') return Math.min(Math.max(coordinate, 0), size - 1);
  return coordinate < low || coordinate > high ? reflect(coordinate, low, high) : coordinate;
}

/** Mirrors a coordinate at both bounds until it lies between them. */
function reflect(coordinate: number, low: number, high: number): number {
  const range = high - low;
  if (range === 0) return low;
  const beyond = coordinate < low ? low - coordinate : coordinate - high;
  if (beyond <= 0) return coordinate;
  const turns = Math.floor(beyond / range);
  const rest = beyond - turns * range;
  const fromLow = coordinate < low === (turns % 2 === 0);
  return fromLow ? low + rest : high - rest;
}

function rawTaps(x: number, interpolation: Interpolation): Tap[] {
  const floor = Math.floor(x);
  const t = x - floor;
  if (interpolation === 'nearest') return [{ index: nearestEven(x), weight: 1 }];
  if (interpolation === 'linear') {
    return [
      { index: floor, weight: 1 - t },
      { index: floor + 1, weight: t },
    ];
  }
  return [-1, 0, 1, 2].map((step) => ({ index: floor + step, weight: cubicWeight(Math.abs(t - step)) }));
}

function nearestEven(x: number): number {
  const floor = Math.floor(x);
  const rest = x - floor;
  return rest < 0.5 || (rest === 0.5 && floor % 2 === 0) ? floor : floor + 1;
}

/** Keys' cubic convolution with a = -3/4. */
function cubicWeight(distance: number): number {
  const a = -0.75;
  if (distance <= 1) return ((a + 2) * distance - (a + 3)) * distance * distance + 1;
  return ((distance - 5) * distance + 8) * distance * a - 4 * a;
}
