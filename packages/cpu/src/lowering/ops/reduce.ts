import { supportUnless, unsupported } from '@octavo/backend';
import {
  ArgMax,
  ArgMin,
  type Node,
  ReduceL1,
  ReduceL2,
  ReduceL11,
  ReduceL21,
  ReduceMax,
  ReduceMax1,
  ReduceMean,
  ReduceMean1,
  ReduceMin,
  ReduceMin1,
  ReduceSum,
  ReduceSum1,
  ReduceSumSquare,
  ReduceSumSquare1,
} from '@octavo/core/ir';
import { elementCount, normalizeAxis, type Shape } from '@octavo/core/tensor';
import { declineFloats } from '../float-values.js';
import { axisOrder, type Layout } from '../layout.js';
import { defineLowering, type Lowering } from '../lowering.js';
import type { ProgramBuilder } from '../program-builder.js';
import { numbersOf, required, shapeOf } from '../static-value.js';

/** `joined` is how partial results of several runs of axes combine; undefined where they do not. */
interface Reduction {
  readonly name: string;
  readonly joined?: string;
}

/** A reduction of the middle of `[outer, size, inner]`. */
interface Pass {
  readonly outer: number;
  readonly size: number;
  readonly inner: number;
}

/** Reductions that remove the axes one run of neighbours after the other, the innermost first. */
function passesOf(sizes: readonly number[], isReduced: readonly boolean[]): readonly Pass[] {
  const passes: Pass[] = [];
  let inner = 1;
  let end = sizes.length;
  while (end > 0) {
    let begin = end;
    while (begin > 0 && (isReduced[begin - 1] || sizes[begin - 1] === 1)) begin--;
    const size = elementCount(sizes.slice(begin, end));
    if (size !== 1) passes.push({ outer: elementCount(sizes.slice(0, begin)), size, inner });
    end = begin;
    while (end > 0 && !(isReduced[end - 1] && sizes[end - 1] !== 1)) inner *= sizes[--end] ?? 1;
  }
  return passes;
}

/** The layout in which to read the input, so that the output has its elements in a known order. */
function layoutFor(program: ProgramBuilder, node: Node, axes: ReadonlySet<number>): Layout {
  const [input, output] = [required(node.inputs[0], node), required(node.output, node)];
  const layout = program.layoutOf(input);
  if (layout === 'nchw') return layout;
  const kept = axisOrder(shapeOf(input).length, layout).filter((axis) => !axes.has(axis));
  const isAscending = kept.every((axis, i) => i === 0 || axis > (kept[i - 1] ?? 0));
  return isAscending || shapeOf(output).length === shapeOf(input).length ? layout : 'nchw';
}

function lowerReduction(
  node: Node,
  program: ProgramBuilder,
  { name, joined }: Reduction,
  axes: ReadonlySet<number>,
): void {
  const [input, output] = [required(node.inputs[0], node), required(node.output, node)];
  const shape = shapeOf(input);
  const layout = layoutFor(program, node, axes);
  const order = axisOrder(shape.length, layout);
  const passes = passesOf(
    order.map((axis) => shape[axis] ?? 1),
    order.map((axis) => axes.has(axis)),
  );
  const outputLayout = shapeOf(output).length === shape.length ? layout : 'nchw';
  // Nothing to combine: one pass over single elements gives their absolute values or squares.
  const all = passes.length > 0 ? passes : [{ outer: elementCount(shape), size: 1, inner: 1 }];
  let from = program.operand(input, layout);
  all.forEach(({ outer, size, inner }, index) => {
    const isLast = index === all.length - 1;
    const to = isLast
      ? program.output(output, { layout: outputLayout })
      : program.scratch(outer * inner * Float32Array.BYTES_PER_ELEMENT);
    const op = index === 0 ? name : (joined ?? name);
    program.emit({ name: `reduce_${op}`, operands: [from, to], words: [outer, size, inner] });
    from = to;
  });
}

function declineAxes(
  shape: Shape,
  axes: ReadonlySet<number>,
  { name, joined }: Reduction,
): string | undefined {
  if ([...axes].some((axis) => shape[axis] === 0)) return 'it reduces no elements';
  const isReduced = shape.map((_, axis) => axes.has(axis));
  return !joined && passesOf(shape, isReduced).length > 1 ? `${name} of axes that are apart` : undefined;
}

function axisSet(shape: Shape, axes: readonly number[] | undefined): ReadonlySet<number> {
  return new Set(axes?.map((axis) => normalizeAxis(axis, shape.length)) ?? shape.keys());
}

function byAttribute(op: typeof ReduceSum1, reduction: Reduction): Lowering {
  const axesOf = (node: Node) => axisSet(shapeOf(required(node.inputs[0], node)), op.attributes(node).axes);
  return defineLowering(op, {
    supports: (node) =>
      supportUnless(
        declineFloats([node.inputs[0]]) ??
          declineAxes(shapeOf(required(node.inputs[0], node)), axesOf(node), reduction),
      ),
    lower: ({ node }, program) => lowerReduction(node, program, reduction, axesOf(node)),
  });
}

/** The axes of a reduction that takes them as an operand; which ones they are is known when it is lowered. */
function byInput(op: typeof ReduceSum, reduction: Reduction): Lowering {
  return defineLowering(op, {
    supports: (node) => {
      const [data, axes] = node.inputs;
      if (axes && !axes.constant) return unsupported('its axes are not constant');
      const shape = shapeOf(required(data, node));
      if (elementCount(shape) === 0) return unsupported('it reduces no elements');
      if (!reduction.joined && axes && axes.constant?.size !== 1 && axes.constant?.size !== shape.length)
        return unsupported(`${reduction.name} of several axes`);
      return supportUnless(declineFloats([data]));
    },
    lower: ({ node, attributes, constants: [, axes] }, program) => {
      const input = required(node.inputs[0], node);
      const listed = numbersOf(axes);
      const all = attributes.noop_with_empty_axes === 0 ? undefined : [];
      lowerReduction(node, program, reduction, axisSet(shapeOf(input), listed.length > 0 ? listed : all));
    },
  });
}

function argExtreme(op: typeof ArgMax, largest: boolean): Lowering {
  return defineLowering(op, {
    supports: (node) => {
      const shape = shapeOf(required(node.inputs[0], node));
      const isEmpty = shape[normalizeAxis(op.attributes(node).axis, shape.length)] === 0;
      return supportUnless(isEmpty ? 'it reduces no elements' : declineFloats([node.inputs[0]]));
    },
    lower: ({ node, attributes }, program) => {
      const input = required(node.inputs[0], node);
      const shape = shapeOf(input);
      const axis = normalizeAxis(attributes.axis, shape.length);
      program.emit({
        name: 'arg_extreme',
        operands: [program.operand(input), program.output(required(node.output, node))],
        words: [
          elementCount(shape.slice(0, axis)),
          shape[axis] ?? 1,
          elementCount(shape.slice(axis + 1)),
          largest ? 1 : 0,
          attributes.select_last_index ? 1 : 0,
        ],
      });
    },
  });
}

const SUM: Reduction = { name: 'sum', joined: 'sum' };
const MEAN: Reduction = { name: 'mean', joined: 'mean' };
const MAX: Reduction = { name: 'max', joined: 'max' };
const MIN: Reduction = { name: 'min', joined: 'min' };
const L1: Reduction = { name: 'l1', joined: 'sum' };
const L2: Reduction = { name: 'l2' };
const SUM_SQUARE: Reduction = { name: 'sum_square', joined: 'sum' };

/** Reductions of floats. */
export const reduceLowerings: readonly Lowering[] = [
  byAttribute(ReduceSum1, SUM),
  byAttribute(ReduceMean1, MEAN),
  byAttribute(ReduceMax1, MAX),
  byAttribute(ReduceMin1, MIN),
  byAttribute(ReduceL11, L1),
  byAttribute(ReduceL21, L2),
  byAttribute(ReduceSumSquare1, SUM_SQUARE),
  byInput(ReduceSum, SUM),
  byInput(ReduceMean, MEAN),
  byInput(ReduceMax, MAX),
  byInput(ReduceMin, MIN),
  byInput(ReduceL1, L1),
  byInput(ReduceL2, L2),
  byInput(ReduceSumSquare, SUM_SQUARE),
  argExtreme(ArgMax, true),
  argExtreme(ArgMin, false),
];
