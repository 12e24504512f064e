import { type Support, unsupported } from '@octavo/backend';
import {
  Concat,
  Expand,
  type Node,
  Slice,
  Slice1,
  Split,
  Split2,
  sliceAxis,
  Transpose,
} from '@octavo/core/ir';
import { normalizeAxis, type Tensor } from '@octavo/core/tensor';
import { copyOp } from '../copy.js';
import { layoutStrides } from '../layout.js';
import { defineLowering, type Lowering } from '../lowering.js';
import type { ProgramBuilder } from '../program-builder.js';
import { elementBytes, numbersOf, required, shapeOf } from '../static-value.js';
import { pick, supportsMovement } from './movement.js';

const transpose = defineLowering(Transpose, {
  supports: (node) => supportsMovement(node.inputs, node),
  lower: ({ node, attributes: { perm } }, program) => {
    const input = required(node.inputs[0], node);
    const shape = shapeOf(input);
    const layout = program.layoutOf(input);
    const own = layoutStrides(shape, layout);
    const strides: number[] = [];
    for (const axis of perm ?? [...shape.keys()].reverse())
      strides.push(own[normalizeAxis(axis, shape.length)] ?? 0);
    pick(program, required(node.output, node), { input, layout, first: 0, strides });
  },
});

const expand = defineLowering(Expand, {
  supports: (node) => supportsMovement(node.inputs.slice(0, 1), node),
  lower: ({ node }, program) => {
    const [input, output] = [required(node.inputs[0], node), required(node.output, node)];
    const shape = shapeOf(input);
    const missing = shapeOf(output).length - shape.length;
    const dense = layoutStrides(shape, 'nchw');
    const strides = shapeOf(output).map((_, axis) =>
      (shape[axis - missing] ?? 1) === 1 ? 0 : (dense[axis - missing] ?? 0),
    );
    pick(program, output, { input, layout: 'nchw', first: 0, strides });
  },
});

/** Bounds of a slice as the node gives them. */
interface Bounds {
  readonly starts: readonly number[];
  readonly ends: readonly number[];
  readonly axes: readonly number[] | undefined;
  readonly steps?: readonly number[] | undefined;
}

function lowerSlice(node: Node, program: ProgramBuilder, { starts, ends, axes, steps }: Bounds): void {
  const input = required(node.inputs[0], node);
  const shape = shapeOf(input);
  const layout = program.layoutOf(input);
  const strides = [...layoutStrides(shape, layout)];
  let first = 0;
  (axes ?? starts.map((_, index) => index)).forEach((each, index) => {
    const axis = normalizeAxis(each, shape.length);
    const sliced = sliceAxis(shape[axis] ?? 0, starts[index] ?? 0, ends[index] ?? 0, steps?.[index] ?? 1);
    const stride = strides[axis] ?? 0;
    first += sliced.start * stride;
    strides[axis] = sliced.step * stride;
  });
  pick(program, required(node.output, node), { input, layout, first, strides });
}

const slice1 = defineLowering(Slice1, {
  supports: (node) => supportsMovement(node.inputs, node),
  lower: ({ node, attributes: { starts, ends, axes } }, program) =>
    lowerSlice(node, program, { starts, ends, axes }),
});

const slice = defineLowering(Slice, {
  supports: (node) => supportsConstantOperands(node, 'its bounds are not constant'),
  lower: ({ node, constants: [, starts, ends, axes, steps] }, program) =>
    lowerSlice(node, program, {
      starts: integers(starts) ?? [],
      ends: integers(ends) ?? [],
      axes: integers(axes),
      steps: integers(steps),
    }),
});

function lowerSplit(node: Node, program: ProgramBuilder, axis: number): void {
  const input = required(node.inputs[0], node);
  const shape = shapeOf(input);
  const layout = program.layoutOf(input);
  const strides = layoutStrides(shape, layout);
  const at = normalizeAxis(axis, shape.length);
  let first = 0;
  for (const output of node.outputs) {
    if (!output) continue;
    pick(program, output, { input, layout, first, strides });
    first += (shapeOf(output)[at] ?? 0) * (strides[at] ?? 0);
  }
}

const split2 = defineLowering(Split2, {
  supports: (node) => supportsMovement(node.inputs, node),
  lower: ({ node, attributes: { axis } }, program) => lowerSplit(node, program, axis),
});

const split = defineLowering(Split, {
  supports: (node) => supportsConstantOperands(node, 'the sizes of its parts are not constant'),
  lower: ({ node, attributes: { axis } }, program) => lowerSplit(node, program, axis),
});

const concat = defineLowering(Concat, {
  supports: (node) => supportsMovement(node.inputs, node),
  lower: ({ node, attributes }, program) => {
    const inputs = node.inputs.filter((value) => value !== undefined);
    const output = required(node.output, node);
    const layout = program.layoutOf(required(inputs[0], node));
    const strides = layoutStrides(shapeOf(output), layout);
    const axis = normalizeAxis(attributes.axis, strides.length);
    const to = program.output(output, { layout });
    let first = 0;
    for (const input of inputs) {
      const shape = shapeOf(input);
      const own = program.layoutOf(input);
      const from = { operand: program.operand(input, own), strides: layoutStrides(shape, own) };
      program.emit(copyOp(shape, elementBytes(input), from, { operand: to, first, strides }));
      first += (shape[axis] ?? 0) * (strides[axis] ?? 0);
    }
  },
});

/** Ops that put elements in another order. */
export const arrangeLowerings: readonly Lowering[] = [
  transpose,
  expand,
  slice1,
  slice,
  split2,
  split,
  concat,
];

function supportsConstantOperands(node: Node, reason: string): Support {
  const [input, ...rest] = node.inputs;
  for (const value of rest) if (value && !value.constant) return unsupported(reason);
  return supportsMovement([input], node);
}

function integers(tensor: Tensor | undefined): readonly number[] | undefined {
  return tensor && numbersOf(tensor);
}
