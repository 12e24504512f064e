import { SUPPORTED, type Support, unsupported } from '@octavo/backend';
import type { Node, Value } from '@octavo/core/ir';
import { type QuantizedType, sameQuantization } from '@octavo/core/quant';
import type { Shape } from '@octavo/core/tensor';
import { copyOp, MOST_COPY_AXES } from '../copy.js';
import { type Layout, layoutStrides } from '../layout.js';
import type { ProgramBuilder } from '../program-builder.js';
import { elementBytes, shapeOf, valueBytes } from '../static-value.js';

/** Ops that move elements take values of up to eight axes whose numbers mean the same before and after. */
export function supportsMovement(inputs: readonly (Value | undefined)[], node: Node): Support {
  const type = inputs[0]?.quantized;
  const values = inputs.concat(node.outputs);
  let isSame = true;
  for (let i = 0; i < values.length; i++) {
    const value = values[i];
    if (!value) continue;
    if (shapeOf(value).length > MOST_COPY_AXES)
      return unsupported(`its values have more than ${MOST_COPY_AXES} axes`);
    isSame &&= meansTheSame(value.quantized, type);
  }
  return isSame ? SUPPORTED : unsupported('it changes the quantized type');
}

/** Whether numbers of one type are those of another wherever they are moved to. */
function meansTheSame(type: QuantizedType | undefined, first: QuantizedType | undefined): boolean {
  if (!type || !first) return type === first;
  return type.granularity.kind === 'per-tensor' && sameQuantization(type, first);
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
  const dense = layoutStrides(shape, layout);
  const other: Layout = layout === 'nchw' ? 'nhwc' : 'nchw';
  const isSame = areDense(shape, strides, dense);
  if (isSame || areDense(shape, strides, layoutStrides(shape, other))) {
    const offset = operand.offset + first * bytes;
    const elements = { block: operand.block, offset, bytes: valueBytes(output) };
    program.view(output, isSame ? layout : other, elements);
    return;
  }
  const to = { operand: program.output(output, { layout }), strides: dense };
  program.emit(copyOp(shape, bytes, { operand, first, strides }, to));
}

/** Whether strides tell elements apart as those of a layout do. */
function areDense(shape: Shape, strides: readonly number[], dense: readonly number[]): boolean {
  for (let axis = 0; axis < shape.length; axis++)
    if (shape[axis] !== 1 && strides[axis] !== dense[axis]) return false;
  return true;
}
