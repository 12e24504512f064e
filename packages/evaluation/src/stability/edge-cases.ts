import { measureError, type RealRange } from '@octavo/core/quant';
import { fromNumbers, isFloat, type Tensor, toNumbers } from '@octavo/core/tensor';
import type { NamedTensors, Session } from '@octavo/runtime';

/** Inputs that no data set has enough of. */
export interface EdgeCase {
  readonly name: string;
  readonly feeds: NamedTensors;
}

/** What both models make of one edge case. */
export interface EdgeCaseResult {
  readonly name: string;
  /** First numbers of the first output. */
  readonly original: number;
  readonly quantized: number;
  /** NaN and infinities among all outputs. */
  readonly originalNonFinite: number;
  readonly quantizedNonFinite: number;
  /** Over the outputs that are finite on both sides, in dB; NaN without any. */
  readonly sqnr: number;
  /** False when the original's outputs are finite and the quantized model's are not. */
  readonly passed: boolean;
}

/** How far beyond its range an input is driven. */
const BEYOND = 10;

type Fill = (range: RealRange, value: number) => number;

const FILLS: readonly (readonly [name: string, fill: Fill])[] = [
  ['zeros', () => 0],
  ['every input at its least', ({ min }) => min],
  ['every input at its most', ({ max }) => max],
  [`${BEYOND} times below the range`, ({ min, max }) => min - (BEYOND - 1) * (max - min)],
  [`${BEYOND} times above the range`, ({ min, max }) => max + (BEYOND - 1) * (max - min)],
  [`a real sample times ${BEYOND}`, (_, value) => BEYOND * value],
  ['NaN', () => Number.NaN],
  ['infinity', () => Number.POSITIVE_INFINITY],
  ['minus infinity', () => Number.NEGATIVE_INFINITY],
];

/**
 * Zeros, both ends of the ranges, far beyond them, NaN and infinities, in the shapes of a real sample; inputs that are not
 * float keep the sample's numbers.
 * @param ranges Of the inputs, by name; inputs without one get [-1, 1].
 */
export function edgeCases(example: NamedTensors, ranges: ReadonlyMap<string, RealRange>): EdgeCase[] {
  return FILLS.map(([name, fill]) => ({
    name,
    feeds: Object.fromEntries(
      Object.entries(example).map(([input, tensor]) => [
        input,
        isFloat(tensor.dtype) ? filled(tensor, ranges.get(input) ?? { min: -1, max: 1 }, fill) : tensor,
      ]),
    ),
  }));
}

function filled(tensor: Tensor, range: RealRange, fill: Fill): Tensor {
  const numbers = Float64Array.from(toNumbers(tensor), (value) => fill(range, value));
  return fromNumbers(tensor.dtype, tensor.shape, numbers);
}

/** Runs both models on every case. */
export async function runEdgeCases(
  cases: readonly EdgeCase[],
  original: Session,
  quantized: Session,
): Promise<EdgeCaseResult[]> {
  const results: EdgeCaseResult[] = [];
  for (const { name, feeds } of cases) {
    const [before, after] = [numbersOf(await original.run(feeds)), numbersOf(await quantized.run(feeds))];
    const [originalNonFinite, quantizedNonFinite] = [nonFinite(before), nonFinite(after)];
    results.push({
      name,
      original: before[0] ?? Number.NaN,
      quantized: after[0] ?? Number.NaN,
      originalNonFinite,
      quantizedNonFinite,
      sqnr: before.length === after.length ? measureError(before, after).sqnr : Number.NaN,
      passed: originalNonFinite > 0 || quantizedNonFinite === 0,
    });
  }
  return results;
}

/** The elements of all float outputs, one after the other, in the order of their names. */
function numbersOf(outputs: NamedTensors): Float64Array {
  const names = Object.keys(outputs).sort();
  return Float64Array.from(
    names.flatMap((name) => {
      const tensor = outputs[name];
      return tensor ? Array.from(toNumbers(tensor)) : [];
    }),
  );
}

function nonFinite(numbers: Float64Array): number {
  return numbers.reduce((count, value) => count + Number(!Number.isFinite(value)), 0);
}
