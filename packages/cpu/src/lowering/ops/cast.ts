import { SUPPORTED, unsupported } from '@octavo/backend';
import { Cast, type Node, type Value } from '@octavo/core/ir';
import { type DType, elementCount, isHalf } from '@octavo/core/tensor';
import { elementType, requiredElementType } from '../element-type.js';
import { defineLowering, type Lowering } from '../lowering.js';
import { nativeType } from '../native-type.js';
import { dtypeOf, required, shapeOf } from '../static-value.js';

/** Integers that become floats as numbers quantized by a scale of 1 do, rounded to nearest even. */
const INTEGERS: ReadonlySet<DType> = new Set<DType>(['int8', 'uint8', 'int16', 'uint16', 'int32']);

const integers = defineLowering(Cast, {
  supports: ({ inputs: [x], output }) =>
    x?.dtype && INTEGERS.has(x.dtype) && !x.quantized && output?.dtype === 'float32'
      ? SUPPORTED
      : unsupported(`no kernel to cast ${x?.dtype} to ${output?.dtype}`),
  lower: ({ node }, program) => {
    const [input, output] = [required(node.inputs[0], node), required(node.output, node)];
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
  },
});

/** Between integers and truth values, and of int64 and truth values to floats. */
const elements = defineLowering(Cast, {
  supports: ({ inputs: [x], output }) =>
    x && output && isOfElements(x, output)
      ? SUPPORTED
      : unsupported(`no kernel to cast ${x?.dtype} to ${output?.dtype}`),
  lower: ({ node }, program) => {
    const [input, output] = [required(node.inputs[0], node), required(node.output, node)];
    const layout = program.layoutOf(input);
    program.emit({
      name: 'cast',
      operands: [program.operand(input, layout), program.output(output, { layout })],
      words: [requiredElementType(input), requiredElementType(output), elementCount(shapeOf(input))],
    });
  },
});

/** Not from floats to integers, and to bytes only as truth values. */
function isOfElements(input: Value, output: Value): boolean {
  const [from, to] = [elementType(input), elementType(output)];
  if (from === undefined || to === undefined || from === to) return false;
  return output.dtype === 'bool' || (input.dtype !== 'float32' && output.dtype !== 'uint8');
}

const halves = defineLowering(Cast, {
  supports: (node) =>
    isBetweenFloats(node)
      ? SUPPORTED
      : unsupported(`no kernel to cast ${node.inputs[0]?.dtype} to ${node.output?.dtype}`),
  lower: ({ node }, program) => {
    const [input, output] = [required(node.inputs[0], node), required(node.output, node)];
    const layout = program.layoutOf(input);
    program.emit({
      name: 'convert',
      operands: [program.operand(input, layout), program.output(output, { layout })],
      words: [nativeType(dtypeOf(input)), nativeType(dtypeOf(output)), elementCount(shapeOf(input))],
    });
  },
});

function isBetweenFloats({ inputs: [x], output }: Node): boolean {
  const [from, to] = [x?.dtype, output?.dtype];
  if (!from || !to || x?.quantized || output?.quantized) return false;
  return (isHalf(from) && to === 'float32') || (from === 'float32' && isHalf(to));
}

/** Conversions of integers to float32, among integers and truth values, and between floats of 32 and 16 bits. */
export const castLowerings: readonly Lowering[] = [integers, elements, halves];
