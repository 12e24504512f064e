import { SUPPORTED, type Support, unsupported } from '@octavo/backend';
import { type Node, Pad, Pad2, type Value } from '@octavo/core/ir';
import { quantizeNumbers } from '@octavo/core/quant';
import { allocate, type DType, normalizeAxis, type TensorArray } from '@octavo/core/tensor';
import { copyOp } from '../copy.js';
import { layoutStrides } from '../layout.js';
import { defineLowering, type Lowering } from '../lowering.js';
import type { ProgramBuilder } from '../program-builder.js';
import { byteType } from '../quantized-bytes.js';
import { dtypeOf, elementBytes, numbersOf, required, shapeOf } from '../static-value.js';
import { supportsMovement } from './movement.js';

/** Elements of a padded value that are its input's: where they begin on either side, and how many there are. */
interface Core {
  readonly from: readonly number[];
  readonly to: readonly number[];
  readonly sizes: readonly number[];
}

/** Pads are all begins, then all ends; negative ones crop. */
function coreOf(shape: readonly number[], pads: readonly number[]): Core {
  const begins = shape.map((_, axis) => pads[axis] ?? 0);
  const ends = shape.map((_, axis) => pads[axis + shape.length] ?? 0);
  return {
    from: begins.map((begin) => Math.max(0, -begin)),
    to: begins.map((begin) => Math.max(0, begin)),
    sizes: shape.map((size, axis) =>
      Math.max(0, size + Math.min(0, begins[axis] ?? 0) + Math.min(0, ends[axis] ?? 0)),
    ),
  };
}

/** The element that pads a value: of a quantized one, the integer that stands for the number. */
function fillOf(value: Value, number: number): TensorArray {
  const type = byteType(value);
  if (!type) return single(dtypeOf(value), number);
  const [integer = 0] = quantizeNumbers(Float32Array.of(number), [1], type);
  return single(type.storage, integer);
}

/** Fills the output with the constant and copies the input into it. */
function lowerPad(node: Node, program: ProgramBuilder, pads: readonly number[], value: number): void {
  const [input, output] = [required(node.inputs[0], node), required(node.output, node)];
  const layout = program.layoutOf(input);
  const { from, to, sizes } = coreOf(shapeOf(input), pads);
  const own = { operand: program.operand(input, layout), strides: layoutStrides(shapeOf(input), layout) };
  const strides = layoutStrides(shapeOf(output), layout);
  const target = program.output(output, { layout });
  const fill = { operand: program.constant(fillOf(input, value)), strides: strides.map(() => 0) };
  const bytes = elementBytes(input);
  program.emit(copyOp(shapeOf(output), bytes, fill, { operand: target, strides }), 'pad');
  if (sizes.includes(0)) return;
  const first = (each: readonly number[], by: readonly number[]) =>
    each.reduce((sum, position, axis) => sum + position * (by[axis] ?? 0), 0);
  program.emit(
    copyOp(
      sizes,
      bytes,
      { ...own, first: first(from, own.strides) },
      { operand: target, strides, first: first(to, strides) },
    ),
    'pad',
  );
}

function single(dtype: DType, value: number): TensorArray {
  const data = allocate(dtype, 1);
  if (value !== 0 && !(data instanceof BigInt64Array) && !(data instanceof BigUint64Array)) data[0] = value;
  return data;
}

function supportsConstant(node: Node, mode: string, value: number | undefined): Support {
  if (mode !== 'constant') return unsupported(`no kernel for ${mode} padding`);
  const input = required(node.inputs[0], node);
  const dtype = dtypeOf(input);
  if (value === undefined) return unsupported('its constant is computed');
  if (input.quantized && !byteType(input))
    return unsupported(`no kernel for padding of values quantized to ${dtype}`);
  if (value !== 0 && dtype !== 'float32' && !input.quantized)
    return unsupported(`no kernel for ${dtype} padding that is not 0`);
  return supportsMovement(node.inputs.slice(0, 1), node);
}

const pad2 = defineLowering(Pad2, {
  supports: (node) => supportsConstant(node, Pad2.attributes(node).mode, Pad2.attributes(node).value),
  lower: ({ node, attributes: { pads, value } }, program) => lowerPad(node, program, pads, value),
});

const pad = defineLowering(Pad, {
  supports: (node) => {
    const [, pads, value, axes] = node.inputs;
    if (!pads?.constant || (value && !value.constant) || (axes && !axes.constant))
      return unsupported('its padding is not constant');
    const input = required(node.inputs[0], node);
    const isReal = dtypeOf(input) === 'float32' || input.quantized !== undefined;
    if (value && (!isReal || value.quantized))
      return unsupported('no kernel for padding of integers with a value');
    const support = supportsConstant(node, Pad.attributes(node).mode, 0);
    return support.supported ? SUPPORTED : support;
  },
  lower: ({ node, constants: [, pads, value, axes] }, program) => {
    const rank = shapeOf(required(node.inputs[0], node)).length;
    const listed = numbersOf(pads);
    const along = axes ? numbersOf(axes).map((axis) => normalizeAxis(axis, rank)) : undefined;
    const all = new Array<number>(2 * rank).fill(0);
    listed.forEach((count, index) => {
      const half = listed.length / 2;
      const axis = along?.[index % half] ?? index % half;
      all[axis + (index < half ? 0 : rank)] = count;
    });
    lowerPad(node, program, all, numbersOf(value)[0] ?? 0);
  },
});

/** Padding with a constant. */
export const padLowerings: readonly Lowering[] = [pad2, pad];
