import { type Graph, QuantizeLinear, storedConstant } from '@octavo/core/ir';
import { isStorageDType, type RealRange, representableRange } from '@octavo/core/quant';
import { toNumbers } from '@octavo/core/tensor';
import type { NamedTensors, Session } from '@octavo/runtime';
import { type Distribution, DistributionMeasure } from './distribution.js';

/** The real numbers that the integers of a quantized activation can stand for. */
export interface ActivationRange {
  /** The float value's name in the original model. */
  readonly value: string;
  readonly range: RealRange;
  /** Width of one integer's interval: values up to half of it outside the range round into it. */
  readonly scale: number;
}

/** How the float values of one activation lie in the range chosen for them. */
export interface ActivationFigures extends ActivationRange, Distribution {
  /** Elements below and above the range: they saturate. */
  readonly below: number;
  readonly above: number;
  /** Share of the elements that saturate. */
  readonly saturated: number;
}

/**
 * The ranges of the values that a model with Q/DQ pairs quantizes by constant parameters per tensor, under the names that
 * the original model has for them; values that it does not compute are left out.
 */
export async function activationRanges(quantized: Graph, original: Graph): Promise<ActivationRange[]> {
  const ranges: ActivationRange[] = [];
  for (const node of quantized.sorted()) {
    const [value, scale, zeroPoint] = node.inputs;
    const storage = node.output?.dtype ?? (zeroPoint?.dtype || 'uint8');
    if (!QuantizeLinear.is(node) || !value || storedConstant(value) || !isStorageDType(storage)) continue;
    const name = [value.name, value.name.replace(/_float$/, '')].find((each) => original.value(each));
    const [scales, zeroPoints] = [await numbersOf(scale), zeroPoint ? await numbersOf(zeroPoint) : [0]];
    const [step, zero] = [scales?.[0], zeroPoints?.[0]];
    if (!name || scales?.length !== 1 || step === undefined || zero === undefined) continue;
    const range = representableRange({ scale: step, zeroPoint: zero }, storage);
    ranges.push({ value: name, range, scale: step });
  }
  return ranges;
}

async function numbersOf(
  value: Parameters<typeof storedConstant>[0],
): Promise<readonly number[] | undefined> {
  const tensor = await storedConstant(value)?.load();
  return tensor && Array.from(toNumbers(tensor));
}

/**
 * Runs the original model and looks where its activations lie in the ranges that the quantized model gives them; the most
 * saturated first.
 * @param original Taps every `value` of `ranges`.
 */
export async function measureActivations(
  ranges: readonly ActivationRange[],
  original: Session,
  feeds: AsyncIterable<NamedTensors> | Iterable<NamedTensors>,
): Promise<ActivationFigures[]> {
  const measures = new Map(ranges.map((each) => [each.value, new Saturation(each)]));
  for await (const feed of feeds) {
    const outputs = await original.run(feed, {
      onTap: (name, tensor) => measures.get(name)?.add(toNumbers(tensor)),
    });
    for (const [name, tensor] of Object.entries(outputs)) measures.get(name)?.addOutput(toNumbers(tensor));
    for (const measure of measures.values()) measure.endRun();
  }
  return [...measures.values()]
    .map((measure) => measure.read())
    .filter(({ elements }) => elements > 0)
    .sort((a, b) => b.saturated - a.saturated);
}

class Saturation {
  readonly #activation: ActivationRange;
  readonly #distribution = new DistributionMeasure();
  #below = 0;
  #above = 0;
  #tapped = false;

  constructor(activation: ActivationRange) {
    this.#activation = activation;
  }

  add(values: ReturnType<typeof toNumbers>): void {
    const { range, scale } = this.#activation;
    const [min, max] = [range.min - scale / 2, range.max + scale / 2];
    this.#distribution.add(values);
    for (let i = 0; i < values.length; i++) {
      const value = values[i] ?? 0;
      if (value < min) this.#below++;
      else if (value > max) this.#above++;
    }
    this.#tapped = true;
  }

  /** A graph output may be tapped too: it is counted once. */
  addOutput(values: ReturnType<typeof toNumbers>): void {
    if (!this.#tapped) this.add(values);
  }

  endRun(): void {
    this.#tapped = false;
  }

  read(): ActivationFigures {
    const distribution = this.#distribution.read();
    const [below, above] = [this.#below, this.#above];
    const saturated = distribution.elements === 0 ? 0 : (below + above) / distribution.elements;
    return { ...this.#activation, ...distribution, below, above, saturated };
  }
}
