import { SUPPORTED, unsupported } from '@octavo/backend';
import { Cast } from '@octavo/core/ir';
import { type DType, elementCount } from '@octavo/core/tensor';
import { defineLowering, type Lowering } from '../lowering.js';
import { nativeType } from '../native-type.js';
import { dtypeOf, required, shapeOf } from '../static-value.js';

/** Integers that become floats as numbers quantized by a scale of 1 do, rounded to nearest even. */
const INTEGERS: ReadonlySet<DType> = new Set<DType>(['int8', 'uint8', 'int16', 'uint16', 'int32']);

/** Conversions of integers to float32. */
export const castLowerings: readonly Lowering[] = [
  defineLowering(Cast, {
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
  }),
];
