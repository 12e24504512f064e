import type { Graph, Value } from '@octavo/core/ir';
import {
  FLOAT16_MAX,
  float32ToBfloat16,
  float32ToFloat16,
  StoredTensor,
  Tensor,
  toNumbers,
} from '@octavo/core/tensor';
import { deferredTensor, LastComputed } from '../deferred-storage.js';
import { QuantizerError } from '../quantizer-error.js';
import type { ReportBuilder } from '../report.js';

/** A float format of 16 bits. */
export interface HalfFormat {
  readonly dtype: 'float16' | 'bfloat16';
  /** The mode that converts to it. */
  readonly mode: 'fp16' | 'bf16';
  /** Largest finite number. */
  readonly max: number;
  /** Bits of the nearest number, ties to even. */
  fromFloat32(value: number): number;
}

export const FLOAT16: HalfFormat = {
  dtype: 'float16',
  mode: 'fp16',
  max: FLOAT16_MAX,
  fromFloat32: float32ToFloat16,
};

export const BFLOAT16: HalfFormat = {
  dtype: 'bfloat16',
  mode: 'bf16',
  max: (2 - 2 ** -7) * 2 ** 127,
  fromFloat32: float32ToBfloat16,
};

/** How constants become 16-bit floats. */
export interface HalfConstants {
  readonly format: HalfFormat;
  /** Refuse what does not fit instead of clamping it. */
  readonly strict: boolean;
  readonly report: ReportBuilder;
}

/**
 * The bits of a tensor in a format. Finite numbers beyond its largest are clamped and counted in the report.
 * @throws QuantizerError `FP16_OVERFLOW`, `BF16_OVERFLOW` instead when strict.
 */
export function toHalf(tensor: Tensor, place: string, constants: HalfConstants): Uint16Array<ArrayBuffer> {
  checkOverflow(tensor, place, constants);
  return bitsOf(tensor, constants.format);
}

/**
 * Adds the 16-bit form of a constant to a graph. Its numbers are converted when a writer reads them, or now where
 * `resident`: whoever runs a model at once expects the constants of subgraphs in memory.
 */
export async function halveConstant(
  graph: Graph,
  value: Value,
  name: string,
  constants: HalfConstants & { readonly resident: boolean },
): Promise<Value> {
  const source = value.constant;
  if (!source) throw new Error(`${value.name} is a constant`);
  const { dtype } = constants.format;
  if (constants.resident) {
    const bits = toHalf(await source.load(), `tensor ${value.name}`, constants);
    return graph.addInitializer(name, StoredTensor.of(new Tensor(dtype, source.shape, bits)));
  }
  checkOverflow(await source.load(), `tensor ${value.name}`, constants);
  const compute = async (): Promise<Record<string, Uint8Array>> => ({
    half: new Uint8Array(bitsOf(await source.load(), constants.format).buffer),
  });
  return graph.addInitializer(name, deferredTensor(dtype, source.shape, new LastComputed(), compute, 'half'));
}

function bitsOf(tensor: Tensor, { max, fromFloat32 }: HalfFormat): Uint16Array<ArrayBuffer> {
  const values = toNumbers(tensor);
  const bits = new Uint16Array(values.length);
  for (let i = 0; i < bits.length; i++) {
    const value = values[i] ?? 0;
    bits[i] = fromFloat32(Number.isFinite(value) ? Math.min(max, Math.max(-max, value)) : value);
  }
  return bits;
}

function checkOverflow(tensor: Tensor, place: string, { format, strict, report }: HalfConstants): void {
  const numbers = toNumbers(tensor);
  let overflow = 0;
  for (const value of numbers) if (Math.abs(value) > format.max && Number.isFinite(value)) overflow++;
  if (overflow === 0) return;
  const message = `${overflow} of ${numbers.length} elements are beyond ${format.mode}'s largest number ${format.max}`;
  if (!strict) {
    report.warnings.push(`${place}: ${message}; they are clamped.`);
    return;
  }
  throw new QuantizerError({
    code: `${format.mode.toUpperCase()}_OVERFLOW`,
    where: place,
    message: `${message}.`,
    remedy: 'Exclude the node, or drop --strict to clamp.',
  });
}
