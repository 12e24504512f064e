import type { Value } from '@octavo/core/ir';
import { elementCount, normalizeAxis } from '@octavo/core/tensor';
import { axisOrder, inMemoryOrder, type Layout } from './layout.js';
import { nativeType } from './native-type.js';
import type { ProgramOp } from './operand.js';
import type { ProgramBuilder } from './program-builder.js';
import { dtypeOf, shapeOf } from './static-value.js';

/** How integers stand for reals: one scale and zero point, or one for each index of `axis`. */
export interface CrossingScales {
  readonly scales: Float32Array;
  /** As many as scales. */
  readonly zeroPoints: Int32Array;
  readonly axis: number;
}

/** The op that goes between floats and integers; the output gets the layout of the input. */
export function crossingOp(
  program: ProgramBuilder,
  name: 'quantize' | 'dequantize',
  [input, output]: readonly [Value, Value],
  { scales, zeroPoints, axis }: CrossingScales,
): ProgramOp {
  const layout = program.layoutOf(input);
  const from = program.operand(input, layout);
  const isWhole = scales.length === 1;
  return {
    name,
    operands: [
      program.constant(scales),
      program.constant(zeroPoints),
      from,
      program.output(output, { layout }),
    ],
    words: [
      nativeType(dtypeOf(name === 'quantize' ? output : input)),
      ...(isWhole ? [1, 1, elementCount(shapeOf(input))] : channelWords(input, axis, layout)),
    ],
  };
}

/** Elements around the channels of `axis`, channels, and elements of one, in the order of memory. */
function channelWords(value: Value, axis: number, layout: Layout): readonly number[] {
  const shape = shapeOf(value);
  const at = axisOrder(shape.length, layout).indexOf(normalizeAxis(axis, shape.length));
  const sizes = inMemoryOrder(shape, layout);
  return [elementCount(sizes.slice(0, at)), sizes[at] ?? 1, elementCount(sizes.slice(at + 1))];
}
