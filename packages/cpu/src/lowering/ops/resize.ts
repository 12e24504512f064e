import { type Support, unsupported } from '@octavo/backend';
import {
  type Node,
  Resize,
  Resize10,
  storedConstant,
  Upsample,
  Upsample7,
  type Value,
} from '@octavo/core/ir';
import { normalizeAxis, type Shape, toNumbers } from '@octavo/core/tensor';
import { copyOp, MOST_COPY_AXES } from '../copy.js';
import { axisOrder, layoutStrides } from '../layout.js';
import { defineLowering, type Lowering } from '../lowering.js';
import type { ProgramBuilder } from '../program-builder.js';
import { elementBytes, required, shapeOf } from '../static-value.js';
import { supportsMovement } from './movement.js';

/** How often each element is repeated along each axis; undefined where the sizes are no multiples. */
function repeatsOf(from: Shape, to: Shape): readonly number[] | undefined {
  const repeats = to.map((size, axis) => size / (from[axis] ?? 1));
  return repeats.every(Number.isInteger) ? repeats : undefined;
}

/** A nearest neighbour of a grid that is a whole number of times finer is the element that it lies in. */
function supportsRepetition(node: Node, mode: string, scales: readonly number[] | undefined): Support {
  if (mode !== 'nearest') return unsupported(`no kernel for ${mode} interpolation`);
  const input = required(node.inputs[0], node);
  const [from, to] = [shapeOf(input), shapeOf(required(node.output, node))];
  const repeats = repeatsOf(from, to);
  if (!repeats) return unsupported('its sizes are no multiples of those of its input');
  if (scales?.some((scale, axis) => scale !== repeats[axis]))
    return unsupported('its scales are not the ratios of its sizes');
  if (from.length + repeats.filter((count) => count > 1).length > MOST_COPY_AXES)
    return unsupported(`it has more than ${MOST_COPY_AXES} axes`);
  return supportsMovement([input], node);
}

/** For each axis of `shape` its scale, from those of `axes`; undefined where there are none or they are not known. */
function fullScales(
  value: Value | undefined,
  shape: Shape,
  axes: readonly number[] | undefined,
): readonly number[] | undefined {
  const tensor = value && storedConstant(value)?.peek();
  if (!tensor || tensor.size === 0) return undefined;
  const scales = shape.map(() => 1);
  toNumbers(tensor).forEach((scale, index) => {
    scales[normalizeAxis(axes?.[index] ?? index, shape.length)] = scale;
  });
  return scales;
}

/** Coordinates whose nearest element, rounded so, is the one that they lie in. */
const NEAREST: ReadonlySet<string> = new Set([
  'asymmetric floor',
  'half_pixel round_prefer_floor',
  'half_pixel round_prefer_ceil',
  'pytorch_half_pixel round_prefer_floor',
  'pytorch_half_pixel round_prefer_ceil',
]);

function lowerRepetition(node: Node, program: ProgramBuilder): void {
  const [input, output] = [required(node.inputs[0], node), required(node.output, node)];
  const [from, to] = [shapeOf(input), shapeOf(output)];
  const repeats = repeatsOf(from, to) ?? [];
  const layout = program.layoutOf(input);
  const [fromStrides, toStrides] = [layoutStrides(from, layout), layoutStrides(to, layout)];
  const axes = axisOrder(from.length, layout).flatMap((axis) => {
    const [size, count] = [from[axis] ?? 1, repeats[axis] ?? 1];
    const [read, written] = [fromStrides[axis] ?? 0, toStrides[axis] ?? 0];
    const each = { size, read, written: written * count };
    return count > 1 ? [each, { size: count, read: 0, written }] : [each];
  });
  program.emit(
    copyOp(
      axes.map(({ size }) => size),
      elementBytes(input),
      { operand: program.operand(input, layout), strides: axes.map(({ read }) => read) },
      { operand: program.output(output, { layout }), strides: axes.map(({ written }) => written) },
    ),
  );
}

const lower = ({ node }: { readonly node: Node }, program: ProgramBuilder) => lowerRepetition(node, program);

/** Enlargement by whole factors to the nearest element, of any type. */
export const resizeLowerings: readonly Lowering[] = [
  defineLowering(Resize, {
    supports: (node) => {
      const { mode, coordinate_transformation_mode: coordinates, ...rest } = Resize.attributes(node);
      const { nearest_mode: rounding, keep_aspect_ratio_policy: policy, axes } = rest;
      if (mode === 'nearest' && !NEAREST.has(`${coordinates} ${rounding}`))
        return unsupported(`no kernel for ${coordinates} coordinates and ${rounding}`);
      if (policy !== 'stretch') return unsupported(`no kernel that keeps the aspect ratio`);
      const [x, , scales, sizes] = node.inputs;
      const known = fullScales(scales, shapeOf(required(x, node)), axes);
      return known || sizes
        ? supportsRepetition(node, mode, known)
        : unsupported('its scales are not constant');
    },
    lower,
  }),
  defineLowering(Upsample7, {
    supports: (node) => {
      const { mode, scales } = Upsample7.attributes(node);
      return supportsRepetition(node, mode, scales);
    },
    lower,
  }),
  ...[Resize10, Upsample].map((op) =>
    defineLowering(op, {
      supports: (node) => {
        const [x, scales] = node.inputs;
        const known = fullScales(scales, shapeOf(required(x, node)), undefined);
        return known
          ? supportsRepetition(node, op.attributes(node).mode, known)
          : unsupported('its scales are not constant');
      },
      lower,
    }),
  ),
];
