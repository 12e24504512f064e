import { type Support, unsupported } from '@octavo/backend';
import { type Node, Pad, Pad2, storedConstant, type Value } from '@octavo/core/ir';
import { normalizeAxis } from '@octavo/core/tensor';
import { copyOp } from '../copy.js';
import { layoutStrides } from '../layout.js';
import { defineLowering, type Lowering } from '../lowering.js';
import { type MirrorMode, MOST_PADDING, type PaddedRun, paddedRuns } from '../padded-runs.js';
import type { ProgramBuilder } from '../program-builder.js';
import { elementBytes, numbersOf, required, shapeOf } from '../static-value.js';
import { supportsMovement } from './movement.js';

/** Padding of each axis, on both sides. */
type Sides = readonly (readonly [begin: number, end: number])[];

function numbersIn(value: Value | undefined): readonly number[] | undefined {
  const tensor = storedConstant(value)?.peek();
  return tensor && numbersOf(tensor);
}

/** Lists give all begins, then all ends. */
function sidesOf(rank: number, pads: readonly number[], axes?: readonly number[]): Sides {
  const half = pads.length / 2;
  const along = axes?.map((axis) => normalizeAxis(axis, rank));
  return Array.from({ length: rank }, (_, axis) => {
    const at = along ? along.indexOf(axis) : axis;
    return [pads[at] ?? 0, at < 0 ? 0 : (pads[at + half] ?? 0)];
  });
}

function supportsSides(
  node: Node,
  mode: string,
  pads: readonly number[] | undefined,
  axes?: readonly number[],
): Support {
  if (!isMirror(mode)) return unsupported(`it pads by ${mode}`);
  const shape = shapeOf(required(node.inputs[0], node));
  if (!pads || pads.length % 2 !== 0) return unsupported('its padding is not constant');
  const isOnce = sidesOf(shape.length, pads, axes).every((sides, axis) =>
    sides.every((count) => count >= 0 && count <= MOST_PADDING[mode](shape[axis] ?? 1)),
  );
  if (!isOnce)
    return unsupported(`no kernel for ${mode} padding that crops, or repeats its input more than once`);
  return supportsMovement(node.inputs.slice(0, 1), node);
}

function isMirror(mode: string): mode is MirrorMode {
  return Object.hasOwn(MOST_PADDING, mode);
}

/** One copy for each combination of runs along the axes. */
function lowerSides(node: Node, program: ProgramBuilder, mode: MirrorMode, sides: Sides): void {
  const [input, output] = [required(node.inputs[0], node), required(node.output, node)];
  const layout = program.layoutOf(input);
  const [from, to] = [layoutStrides(shapeOf(input), layout), layoutStrides(shapeOf(output), layout)];
  const source = program.operand(input, layout);
  const target = program.output(output, { layout });
  const runs = shapeOf(input).map((size, axis) => paddedRuns(mode, size, ...(sides[axis] ?? [0, 0])));
  for (const box of combinations(runs)) {
    const first = (each: (run: PaddedRun) => number, strides: readonly number[]) =>
      box.reduce((sum, run, axis) => sum + each(run) * (strides[axis] ?? 0), 0);
    const read = {
      operand: source,
      first: first((run) => run.from, from),
      strides: box.map(({ step }, axis) => step * (from[axis] ?? 0)),
    };
    const written = { operand: target, first: first((run) => run.to, to), strides: to };
    const shape = box.map(({ count }) => count);
    program.emit(copyOp(shape, elementBytes(input), read, written), 'pad');
  }
}

function combinations<T>(lists: readonly (readonly T[])[]): readonly (readonly T[])[] {
  return lists.reduce<readonly (readonly T[])[]>(
    (found, list) => found.flatMap((each) => list.map((item) => [...each, item])),
    [[]],
  );
}

const pad2 = defineLowering(Pad2, {
  supports: (node) => supportsSides(node, Pad2.attributes(node).mode, Pad2.attributes(node).pads),
  lower: ({ node, attributes: { mode, pads } }, program) => {
    if (isMirror(mode))
      lowerSides(node, program, mode, sidesOf(shapeOf(required(node.inputs[0], node)).length, pads));
  },
});

const pad = defineLowering(Pad, {
  supports: (node) => {
    const { pads, axes } = Pad.inputs(node);
    const along = numbersIn(axes);
    if (axes && !along) return unsupported('its axes are not constant');
    return supportsSides(node, Pad.attributes(node).mode, numbersIn(pads), along);
  },
  lower: ({ node, attributes: { mode } }, program) => {
    const { data, pads, axes } = Pad.inputs(node);
    const sides = sidesOf(shapeOf(data).length, numbersIn(pads) ?? [], numbersIn(axes));
    if (isMirror(mode)) lowerSides(node, program, mode, sides);
  },
});

/** Padding with elements of the input: reflected, repeated or wrapped. */
export const mirrorPadLowerings: readonly Lowering[] = [pad2, pad];
