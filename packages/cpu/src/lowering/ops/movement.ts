import { SUPPORTED, type Support, unsupported } from '@octavo/backend';
import type { Node, Value } from '@octavo/core/ir';
import { sameQuantization } from '@octavo/core/quant';
import type { Shape } from '@octavo/core/tensor';
import { copyOp, MOST_COPY_AXES } from '../copy.js';
import { type Layout, layoutStrides } from '../layout.js';
import type { ProgramBuilder } from '../program-builder.js';
import { elementBytes, shapeOf, valueBytes } from '../static-value.js';

/** Ops that move elements take values of up to eight axes whose numbers mean the same before and after. */
export function supportsMovement(inputs: readonly (Value | undefined)[], node: Node): Support {
  const values = [...inputs, ...node.outputs].filter((value) => value !== undefined);
  if (values.some((value) => shapeOf(value).length > MOST_COPY_AXES))
    return unsupported(`its values have more than ${MOST_COPY_AXES} axes`);
  const [first] = inputs;
  const isSame = values.every(({ quantized }) =>
    quantized && first?.quantized
      ? quantized.granularity.kind === 'per-tensor' && sameQuantization(quantized, first.quantized)
      : quantized === first?.quantized,
  );
  return isSame ? SUPPORTED : unsupported('it changes the quantized type');
}

/** Elements of `input` as an output sees them: its index i reads element `first + sum of i * strides`. */
export interface Picked {
  readonly input: Value;
  /** The layout that `first` and `strides` count in. */
  readonly layout: Layout;
  readonly first: number;
  readonly strides: readonly number[];
}

/** Gives an output the elements picked: as another name of them where they lie in order, or by a copy. */
export function pick(program: ProgramBuilder, output: Value, picked: Picked): void {
  const { input, layout, first, strides } = picked;
  const shape = shapeOf(output);
  const operand = program.operand(input, layout);
  const bytes = elementBytes(input);
  const order = ([layout, 'nchw', 'nhwc'] as const).find((each) => isInOrder(shape, strides, each));
  if (order) {
    const offset = operand.offset + first * bytes;
    program.view(output, order, { block: operand.block, offset, bytes: valueBytes(output) });
    return;
  }
  const to = { operand: program.output(output, { layout }), strides: layoutStrides(shape, layout) };
  program.emit(copyOp(shape, bytes, { operand, first, strides }, to));
}

function isInOrder(shape: Shape, strides: readonly number[], layout: Layout): boolean {
  const dense = layoutStrides(shape, layout);
  return shape.every((size, axis) => size === 1 || strides[axis] === dense[axis]);
}
