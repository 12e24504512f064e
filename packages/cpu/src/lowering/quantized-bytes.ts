import type { Node, Value } from '@octavo/core/ir';
import type { QuantizedType } from '@octavo/core/quant';
import { floatWord } from './operand.js';

/** A quantized type of one scale and zero point whose integers are bytes. */
export type ByteType = QuantizedType & { readonly storage: 'int8' | 'uint8' };

/** The type of a value that is quantized per tensor to bytes; undefined for every other. */
export function byteType(value: Value | undefined): ByteType | undefined {
  const type = value?.quantized;
  return type && isByteType(type) ? type : undefined;
}

/** Why one of the values is not quantized per tensor to bytes, or undefined when all are. */
export function declineBytes(values: readonly (Value | undefined)[]): string | undefined {
  for (const value of values)
    if (value && !byteType(value)) return `${value.name} is not quantized per tensor to 8 bits`;
  return undefined;
}

/** Why the two operands and the result of a node are not bytes of one type quantized per tensor, or undefined when they are. */
export function declineByteOperands({ inputs: [a, b], output }: Node): string | undefined {
  const areEqual = a?.dtype === b?.dtype && b?.dtype === output?.dtype;
  return (
    declineBytes([a, b, output]) ?? (areEqual ? undefined : 'its operands and result are int8 and uint8')
  );
}

/** Scale and zero point of a value quantized per tensor, as ops take them. */
export function parameterWords(value: Value): readonly number[] {
  const type = byteType(value);
  return [floatWord(type?.scales[0] ?? 1), type?.zeroPoints[0] ?? 0];
}

function isByteType(type: QuantizedType): type is ByteType {
  const isByte = type.storage === 'int8' || type.storage === 'uint8';
  return isByte && type.granularity.kind === 'per-tensor';
}
