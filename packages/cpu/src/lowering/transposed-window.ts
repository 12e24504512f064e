import {
  type ConvAttributes,
  convWindow,
  type Node,
  resolveTransposedPads,
  type Value,
} from '@octavo/core/ir';
import type { TensorArray } from '@octavo/core/tensor';
import { copyOp } from './copy.js';
import { layoutStrides } from './layout.js';
import type { Operand } from './operand.js';
import type { ProgramBuilder } from './program-builder.js';
import { elementBytes, required, shapeOf } from './static-value.js';

/** What ConvTranspose has beyond Conv. */
export interface TransposedAttributes extends ConvAttributes {
  readonly output_padding: readonly number[] | undefined;
  readonly output_shape: readonly number[] | undefined;
}

/** Height and width. */
type Plane = readonly [number, number];

/**
 * A transposed convolution as a plain one of stride 1: of its input's elements `strides` apart in a plane of zeros of size
 * `spread`, with its kernel turned around. Input element i lies at `i * strides + first`.
 */
export interface TransposedWindow {
  readonly strides: Plane;
  readonly dilations: Plane;
  readonly first: Plane;
  readonly spread: Plane;
}

/** Height and width from one entry a spatial axis; one axis is a second one of size 1. */
function plane(list: readonly number[], missing: number): Plane {
  const [first = missing, second = missing] = list;
  return list.length === 1 ? [missing, first] : [first, second];
}

export function transposedWindow(node: Node, attributes: TransposedAttributes): TransposedWindow {
  const spatial = shapeOf(required(node.inputs[0], node)).slice(2);
  const kernel = shapeOf(required(node.inputs[1], node)).slice(2);
  const pads = resolveTransposedPads(spatial, {
    ...convWindow(attributes, kernel),
    kernel,
    outputPadding: attributes.output_padding,
    outputShape: attributes.output_shape,
  });
  const ones = kernel.map(() => 1);
  const dilations = attributes.dilations?.length ? attributes.dilations : ones;
  const strides = attributes.strides?.length ? attributes.strides : ones;
  const margins = kernel.map((size, axis) => (size - 1) * (dilations[axis] ?? 1));
  const output = shapeOf(required(node.output, node)).slice(2);
  return {
    strides: plane(strides, 1),
    dilations: plane(dilations, 1),
    first: plane(
      margins.map((margin, axis) => margin - (pads[axis] ?? 0)),
      0,
    ),
    spread: plane(
      margins.map((margin, axis) => margin + (output[axis] ?? 0)),
      1,
    ),
  };
}

/** Emits the spread input, channels last; `zero` is the element between those of x. */
export function emitSpread(
  program: ProgramBuilder,
  x: Value,
  zero: TensorArray,
  { strides, first, spread }: TransposedWindow,
): Operand {
  const [batch = 1, channels = 1, ...spatial] = shapeOf(x);
  const size = plane(spatial, 1);
  const count = batch * channels * spread[0] * spread[1];
  const bytes = elementBytes(x);
  const target = program.scratch(count * bytes);
  program.insert(
    copyOp(
      [count],
      bytes,
      { operand: program.constant(zero), strides: [0] },
      { operand: target, strides: [1] },
    ),
  );
  const layout = program.layoutOf(x);
  const own = layoutStrides(shapeOf(x), layout);
  const fromRow = spatial.length === 2 ? (own[2] ?? 0) : 0;
  const fromColumn = own.at(-1) ?? 1;
  const rows = placed(size, strides, first, spread, 0);
  const columns = placed(size, strides, first, spread, 1);
  if (rows.count === 0 || columns.count === 0) return target;
  const [row, column] = [spread[1] * channels, channels];
  program.insert(
    copyOp(
      [batch, channels, rows.count, columns.count],
      bytes,
      {
        operand: program.operand(x, layout),
        first: rows.from * fromRow + columns.from * fromColumn,
        strides: [own[0] ?? 0, own[1] ?? 0, fromRow, fromColumn],
      },
      {
        operand: target,
        first: rows.to * row + columns.to * column,
        strides: [spread[0] * row, 1, strides[0] * row, strides[1] * column],
      },
    ),
  );
  return target;
}

/** The elements of an axis that lie within the plane: the first one, where it goes, and how many there are. */
function placed(size: Plane, strides: Plane, first: Plane, spread: Plane, axis: 0 | 1) {
  const [step, start] = [strides[axis], first[axis]];
  const from = Math.max(0, Math.ceil(-start / step));
  const last = Math.min(size[axis] - 1, Math.floor((spread[axis] - 1 - start) / step));
  return { from, to: from * step + start, count: Math.max(0, last - from + 1) };
}
