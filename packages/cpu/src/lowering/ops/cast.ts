import { SUPPORTED, unsupported } from '@octavo/backend';
import { Cast, type Value } from '@octavo/core/ir';
import { type DType, elementCount, isHalf } from '@octavo/core/tensor';
import { elementType, requiredElementType } from '../element-type.js';
import { defineLowering, type Lowering } from '../lowering.js';
import { nativeType } from '../native-type.js';
import type { ProgramBuilder } from '../program-builder.js';
import { dtypeOf, required, shapeOf } from '../static-value.js';

/** Integers that become floats as numbers quantized by a scale of 1 do, rounded to nearest even. */
const INTEGERS: ReadonlySet<DType> = new Set<DType>(['int8', 'uint8', 'int16', 'uint16', 'int32']);

/** Emits what casts `input` to `output` in one layout. */
type EmitCast = (input: Value, output: Value, program: ProgramBuilder) => void;

function cast(takes: (input: Value, output: Value) => boolean, emit: EmitCast): Lowering {
  return defineLowering(Cast, {
    supports: ({ inputs: [x], output }) =>
      x && output && !x.quantized && !output.quantized && takes(x, output)
        ? SUPPORTED
        : unsupported(`no kernel to cast ${x?.dtype} to ${output?.dtype}`),
    lower: ({ node }, program) => emit(required(node.inputs[0], node), required(node.output, node), program),
  });
}

/** An op that takes words of both types and the number of elements. */
function emitByTypes(name: string, wordOf: (value: Value) => number): EmitCast {
  return (input, output, program) => {
    const layout = program.layoutOf(input);
    program.emit({
      name,
      operands: [program.operand(input, layout), program.output(output, { layout })],
      words: [wordOf(input), wordOf(output), elementCount(shapeOf(input))],
    });
  };
}

const emitDequantize: EmitCast = (input, output, program) => {
  const layout = program.layoutOf(input);
  program.emit({
    name: 'dequantize',
    operands: [
      program.constant(Float32Array.of(1)),
      program.constant(new Int32Array(1)),
      program.operand(input, layout),
      program.output(output, { layout }),
    ],
    words: [nativeType(dtypeOf(input)), 1, 1, elementCount(shapeOf(input))],
  });
};

function isToFloat(input: Value, output: Value): boolean {
  return INTEGERS.has(dtypeOf(input)) && output.dtype === 'float32';
}

/** Not from floats to integers, and to bytes only as truth values. */
function isOfElements(input: Value, output: Value): boolean {
  const [from, to] = [elementType(input), elementType(output)];
  if (from === undefined || to === undefined || from === to) return false;
  return output.dtype === 'bool' || (input.dtype !== 'float32' && output.dtype !== 'uint8');
}

function isBetweenFloats(input: Value, output: Value): boolean {
  const [from, to] = [dtypeOf(input), dtypeOf(output)];
  return (isHalf(from) && to === 'float32') || (from === 'float32' && isHalf(to));
}

/** Conversions of integers to float32, among integers and truth values, and between floats of 32 and 16 bits. */
export const castLowerings: readonly Lowering[] = [
  cast(isToFloat, emitDequantize),
  cast(isOfElements, emitByTypes('cast', requiredElementType)),
  cast(
    isBetweenFloats,
    emitByTypes('convert', (value) => nativeType(dtypeOf(value))),
  ),
];
