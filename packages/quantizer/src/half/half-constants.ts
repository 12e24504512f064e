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
  /** Smallest number above 0. */
  readonly min: number;
  /** Bits of the significand, the hidden one included. */
  readonly precision: number;
  /** Bits of the nearest number, ties to even. */
  fromFloat32(value: number): number;
}

export const FLOAT16: HalfFormat = {
  dtype: 'float16',
  mode: 'fp16',
  max: FLOAT16_MAX,
  min: 2 ** -24,
  precision: 11,
  fromFloat32: float32ToFloat16,
};

export const BFLOAT16: HalfFormat = {
  dtype: 'bfloat16',
  mode: 'bf16',
  max: (2 - 2 ** -7) * 2 ** 127,
  min: 2 ** -133,
  precision: 8,
  fromFloat32: float32ToBfloat16,
};

/** How constants become 16-bit floats. */
export interface HalfConstants {
  readonly format: HalfFormat;
  /** Refuse what does not fit instead of clamping it. */
  readonly strict: boolean;
  readonly report: ReportBuilder;
  /** Elements by tensor that are too small, beside numbers whose rounding weighs as much. */
  readonly slight: Map<string, number>;
}

/**
 * The bits of a tensor in a format. Finite numbers beyond its largest are clamped, and so are those that are not 0 but
 * would become it: a divisor must not vanish. Both are counted in the report.
 * @throws QuantizerError `FP16_OVERFLOW`, `FP16_UNDERFLOW`, `BF16_*` instead when strict.
 */
export function toHalf(tensor: Tensor, place: string, constants: HalfConstants): Uint16Array<ArrayBuffer> {
  checkFit(tensor, place, constants);
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
  checkFit(await source.load(), `tensor ${value.name}`, constants);
  const compute = async (): Promise<Record<string, Uint8Array>> => ({
    half: new Uint8Array(bitsOf(await source.load(), constants.format).buffer),
  });
  return graph.addInitializer(name, deferredTensor(dtype, source.shape, new LastComputed(), compute, 'half'));
}

function bitsOf(tensor: Tensor, format: HalfFormat): Uint16Array<ArrayBuffer> {
  const { max, min, fromFloat32 } = format;
  const values = toNumbers(tensor);
  const bits = new Uint16Array(values.length);
  for (let i = 0; i < bits.length; i++) {
    const value = values[i] ?? 0;
    if (vanishes(value, format)) bits[i] = fromFloat32(Math.sign(value) * min);
    else bits[i] = fromFloat32(Number.isFinite(value) ? Math.min(max, Math.max(-max, value)) : value);
  }
  return bits;
}

/** Whether the nearest number is 0 though the value is not. */
function vanishes(value: number, { min }: HalfFormat): boolean {
  return value !== 0 && Math.abs(value) <= min / 2;
}

function checkFit(tensor: Tensor, place: string, constants: HalfConstants): void {
  const { format, slight } = constants;
  const numbers = toNumbers(tensor);
  let [overflow, underflow, largest] = [0, 0, 0];
  for (const value of numbers) {
    const magnitude = Math.abs(value);
    if (magnitude > format.max && Number.isFinite(value)) overflow++;
    if (vanishes(value, format)) underflow++;
    if (magnitude > largest) largest = magnitude;
  }
  const { mode, max, min, precision } = format;
  const of = `of ${numbers.length} elements are`;
  if (overflow > 0)
    refuse('OVERFLOW', `${overflow} ${of} beyond ${mode}'s largest number ${max}`, place, constants);
  if (underflow === 0) return;
  if (largest >= min * 2 ** precision) slight.set(place, underflow);
  else
    refuse(
      'UNDERFLOW',
      `${underflow} ${of} not 0 but nearer to it than to ${mode}'s smallest number ${min}`,
      place,
      constants,
    );
}

/** Refuses what is clamped otherwise. */
function refuse(
  kind: 'OVERFLOW' | 'UNDERFLOW',
  message: string,
  place: string,
  { format, strict, report }: HalfConstants,
): void {
  if (!strict) {
    report.warnings.push(`${place}: ${message}; they are clamped.`);
    return;
  }
  throw new QuantizerError({
    code: `${format.mode.toUpperCase()}_${kind}`,
    where: place,
    message: `${message}.`,
    remedy: 'Exclude the node, or drop --strict to clamp.',
  });
}

/** Tensors that a warning names before it counts. */
const NAMED = 8;

/** Counts in the report what is too small beside larger numbers: that is within their rounding, and never refused. */
export function reportSlight({ format, slight, report }: HalfConstants): void {
  if (slight.size === 0) return;
  const places = [...slight.keys()];
  const elements = [...slight.values()].reduce((sum, count) => sum + count);
  const more = places.length > NAMED ? ` and ${places.length - NAMED} more` : '';
  report.warnings.push(
    `${elements} elements beside larger ones are not 0 but nearer to it than to ${format.mode}'s smallest number ${format.min}; they are clamped, in ${places.slice(0, NAMED).join(', ')}${more}.`,
  );
}
