import { knownShape, type Node, type Value } from '@octavo/core/ir';
import {
  byteLengthOf,
  DTYPES,
  type DType,
  elementCount,
  OctavoError,
  type Shape,
  type Tensor,
  toNumbers,
} from '@octavo/core/tensor';

/** Offsets and sizes of programs are 32-bit integers. */
const MOST_ELEMENTS = 2 ** 31 - 1;

/** Why no program holds the values of a node, or undefined when one can. */
export function declineValues(node: Node): string | undefined {
  return declineAny(node.operands) ?? declineAny(node.outputs);
}

function declineAny(values: readonly (Value | undefined)[]): string | undefined {
  for (let i = 0; i < values.length; i++) {
    const value = values[i];
    const reason = value && declineValue(value);
    if (reason !== undefined) return reason;
  }
  return undefined;
}

function declineValue(value: Value): string | undefined {
  const { type } = value;
  const shape = type?.kind === 'tensor' ? knownShape(type.shape) : undefined;
  if (type?.kind !== 'tensor' || !shape) return `the shape of ${value.name} is not known before it runs`;
  for (let axis = 0; axis < shape.length; axis++)
    if ((shape[axis] ?? 0) < 0) return `${value.name} has a negative size`;
  const { bits, kind } = DTYPES[type.dtype];
  if (kind === 'string' || kind === 'opaque') return `no kernel for ${type.dtype}`;
  if (bits < 8 && !value.constant) return `no kernel for ${type.dtype} activations`;
  if (elementCount(shape) > MOST_ELEMENTS) return `${value.name} has more than ${MOST_ELEMENTS} elements`;
  return undefined;
}

/** The shape of a value that {@link declineValues} accepted. */
export function shapeOf(value: Value): Shape {
  const shape = value.constant?.shape ?? knownShape(value.shape);
  if (shape) return shape;
  throw new OctavoError({
    code: 'BACKEND_SHAPE',
    where: `value ${value.name}`,
    message: 'its shape is not known.',
  });
}

/** The dtype of a value that {@link declineValues} accepted. */
export function dtypeOf(value: Value): DType {
  const dtype = value.constant?.dtype ?? value.dtype;
  if (dtype) return dtype;
  throw new OctavoError({
    code: 'BACKEND_SHAPE',
    where: `value ${value.name}`,
    message: 'its element type is not known.',
  });
}

/** Bytes of one element: 1, 2, 4 or 8. */
export function elementBytes(value: Value): number {
  return DTYPES[dtypeOf(value)].bits / 8;
}

/** Bytes of all elements. */
export function valueBytes(value: Value): number {
  return byteLengthOf(dtypeOf(value), elementCount(shapeOf(value)));
}

/** Whether a tensor of this rank has an axis, counted from either end. */
export function hasAxis(axis: number, rank: number): boolean {
  return axis >= -rank && axis < rank;
}

/** The elements of a constant; none of one that is left out. */
export function numbersOf(tensor: Tensor | undefined): readonly number[] {
  return tensor ? Array.from(toNumbers(tensor)) : [];
}

/** An operand that the op requires. */
export function required(value: Value | undefined, node: Node): Value {
  if (value) return value;
  throw new OctavoError({
    code: 'BACKEND_MISSING_VALUE',
    where: `node ${node.label} (${node.op.name})`,
    message: 'an operand or output that its op requires is left out.',
  });
}
