import { nativeType } from './native-type.js';
import type { Operand } from './operand.js';
import type { ProgramBuilder } from './program-builder.js';

/** How the int32 sums of a product become its outputs; `Epilogue` in `../epilogue.ts` has the formulas. */
export type ProductEpilogue =
  | { readonly output: 'int32'; readonly bias?: Int32Array | undefined }
  | { readonly output: 'float32'; readonly bias?: Int32Array | undefined; readonly scales: Float32Array }
  | {
      readonly output: 'int8' | 'uint8';
      readonly bias?: Int32Array | undefined;
      readonly scales: Float32Array;
      readonly zeroPoint: number;
      readonly min: number;
      readonly max: number;
    };

/** The epilogue as ops of integer products take it (`native/src/program/epilogue_reader.h`). */
export function epilogueOperands(
  epilogue: ProductEpilogue,
  program: ProgramBuilder,
): { readonly operands: readonly (Operand | undefined)[]; readonly words: readonly number[] } {
  const { output, bias } = epilogue;
  const scales = output === 'int32' ? undefined : epilogue.scales;
  const { zeroPoint, min, max } = 'min' in epilogue ? epilogue : { zeroPoint: 0, min: 0, max: 0 };
  return {
    operands: [bias && program.constant(bias), scales && program.constant(scales)],
    words: [nativeType(output), zeroPoint, min, max],
  };
}
