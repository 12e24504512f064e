import { Add, Cast, Mul, type Node, type Value } from '@octavo/core/ir';
import { broadcastShapes, type Shape, sameShape, toNumbers } from '@octavo/core/tensor';
import type { Operand } from './operand.js';
import type { ProgramBuilder } from './program-builder.js';
import { required, shapeOf } from './static-value.js';

/** What makes floats of the sums of a product whose input was quantized while the program runs. */
export interface DynamicTail {
  /** A float32 that the program computes. */
  readonly inputScale: Value;
  /** One, or one for each channel. */
  readonly weightScales: Float32Array;
  /** One for each channel. */
  readonly bias: Float32Array | undefined;
  /** The nodes that compute it, from the sums to `output`. */
  readonly nodes: readonly Node[];
  readonly output: Value;
}

/**
 * `Cast(sums) * (inputScale * weightScales) [+ bias]`, where nothing else reads what lies in between.
 * @param channelAxis Axis of the sums that counts output channels.
 */
export function dynamicTail(
  program: ProgramBuilder,
  product: Node,
  channelAxis: number,
): DynamicTail | undefined {
  const sums = required(product.output, product);
  const cast = program.soleReader(sums);
  const floats = cast && Cast.is(cast) && cast.output?.dtype === 'float32' ? cast.output : undefined;
  const rescale = floats && program.soleReader(floats);
  if (!cast || !floats || !rescale || !Mul.is(rescale)) return undefined;
  const scales = otherOperand(rescale, floats);
  const scaling = scales?.producer;
  if (!scales || !scaling || !Mul.is(scaling) || program.soleReader(scales) !== rescale) return undefined;
  // Once the product of the scales is computed, the input's scale may be overwritten.
  if (program.isReady(scales)) return undefined;
  const factors = scalesOf(program, scaling, shapeOf(sums), channelAxis);
  if (!factors) return undefined;
  const rescaled = required(rescale.output, rescale);
  const nodes = [cast, scaling, rescale];
  const added = biasOf(program, rescaled, channelAxis);
  if (!added) return { ...factors, bias: undefined, nodes, output: rescaled };
  return { ...factors, bias: added.bias, nodes: [...nodes, added.node], output: added.output };
}

function scalesOf(
  program: ProgramBuilder,
  scaling: Node,
  shape: Shape,
  channelAxis: number,
): Pick<DynamicTail, 'inputScale' | 'weightScales'> | undefined {
  const [a, b] = scaling.inputs;
  const [inputScale, weights] = a?.constant ? [b, a] : [a, b];
  if (!inputScale || inputScale.constant || inputScale.dtype !== 'float32') return undefined;
  if (!program.isReady(inputScale) || shapeOf(inputScale).some((size) => size !== 1)) return undefined;
  const weightScales = weights && channelNumbers(program, weights, shape, channelAxis);
  return weightScales && { inputScale, weightScales };
}

function biasOf(program: ProgramBuilder, sum: Value, channelAxis: number) {
  const node = program.soleReader(sum);
  const output = node?.output;
  const shape = shapeOf(sum);
  const other = node && Add.is(node) ? otherOperand(node, sum) : undefined;
  const numbers = other && channelNumbers(program, other, shape, channelAxis);
  if (!node || !output || !numbers || !sameShape(shapeOf(output), shape)) return undefined;
  const channels = shape[channelAxis] ?? 1;
  const bias = numbers.length === channels ? numbers : new Float32Array(channels).fill(numbers[0] ?? 0);
  return { node, output, bias };
}

function otherOperand(node: Node, value: Value): Value | undefined {
  const [a, b] = node.inputs;
  return a === value ? b : a;
}

/** The elements of a float constant that has one, or one for each channel of a value of `shape`. */
function channelNumbers(
  program: ProgramBuilder,
  value: Value,
  shape: Shape,
  channelAxis: number,
): Float32Array | undefined {
  const tensor = value.dtype === 'float32' ? program.elements(value) : undefined;
  if (!tensor || tensor.shape.length > shape.length) return undefined;
  const own = [...new Array<number>(shape.length - tensor.shape.length).fill(1), ...tensor.shape];
  const fits = own.every((size, axis) => size === 1 || axis === channelAxis);
  return fits && sameShape(broadcastShapes(own, shape), shape)
    ? Float32Array.from(toNumbers(tensor))
    : undefined;
}

/** The leading operands of dynamic products (`native/src/program/dynamic_scales.h`). */
export function dynamicOperands(
  program: ProgramBuilder,
  zeroPoint: Operand | undefined,
  tail: DynamicTail | undefined,
  channels: number,
): readonly (Operand | undefined)[] {
  return [
    tail && program.constant(tail.weightScales),
    tail?.bias && program.constant(tail.bias),
    tail && program.operand(tail.inputScale),
    zeroPoint,
    tail && program.scratch(channels * Float32Array.BYTES_PER_ELEMENT),
  ];
}

/** Leaves the nodes of a tail to the current one, and gives the value that it computes then. */
export function absorbTail(program: ProgramBuilder, product: Node, tail: DynamicTail | undefined): Value {
  for (const node of tail?.nodes ?? []) program.absorb(node, 'epilogue');
  return tail?.output ?? required(product.output, product);
}
