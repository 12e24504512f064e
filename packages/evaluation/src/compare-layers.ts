import type { Graph } from '@octavo/core/ir';
import { type ErrorFigures, ErrorMeasure } from '@octavo/core/quant';
import { type Tensor, toNumbers } from '@octavo/core/tensor';
import type { NamedTensors, Session } from '@octavo/runtime';

/** How far one value of the quantized model is from the original's. */
export interface LayerComparison extends ErrorFigures {
  /** The value's name in the original model. */
  readonly value: string;
  /** Its name in the quantized model. */
  readonly quantizedValue: string;
  readonly op: string;
}

/** A value that both models compute. */
export interface ValuePair {
  readonly value: string;
  readonly quantizedValue: string;
  readonly op: string;
}

/**
 * Float values of the original model that the quantized one computes too, in topological order: under the same name,
 * or dequantized as `<name>_dequantized`.
 */
export function pairValues(original: Graph, quantized: Graph): ValuePair[] {
  return original.sorted().flatMap((node) =>
    node.outputs.flatMap((value) => {
      if (!value || (value.dtype !== undefined && value.dtype !== 'float32')) return [];
      const name = [`${value.name}_dequantized`, value.name].find(
        (candidate) => quantized.value(candidate)?.producer,
      );
      return name ? [{ value: value.name, quantizedValue: name, op: node.op.name }] : [];
    }),
  );
}

/**
 * Runs both models on the same feeds and measures each pair; worst SQNR first, and before it pairs without any finite
 * numbers to compare.
 */
export async function compareLayers(
  pairs: readonly ValuePair[],
  original: Session,
  quantized: Session,
  feeds: AsyncIterable<NamedTensors> | Iterable<NamedTensors>,
  onSample?: (seen: number) => void,
): Promise<LayerComparison[]> {
  const measures = pairs.map(() => new ErrorMeasure());
  let seen = 0;
  for await (const feed of feeds) {
    const left = await tapAll(original, feed);
    const right = await tapAll(quantized, feed);
    pairs.forEach((pair, index) => {
      const a = left.get(pair.value);
      const b = right.get(pair.quantizedValue);
      if (a && b) measures[index]?.add(toNumbers(a), toNumbers(b));
    });
    onSample?.(++seen);
  }
  const compared = pairs.flatMap((pair, index) => {
    const figures = measures[index]?.read();
    return figures && figures.count + figures.nonFinite > 0 ? [{ ...pair, ...figures }] : [];
  });
  const order = ({ sqnr }: LayerComparison): number => (Number.isNaN(sqnr) ? Number.NEGATIVE_INFINITY : sqnr);
  return compared.sort((a, b) => (order(a) === order(b) ? 0 : order(a) - order(b)));
}

/** Every value that the session taps and gives for one sample, by name; the session's next run may overwrite them. */
export async function tapAll(session: Session, feeds: NamedTensors): Promise<Map<string, Tensor>> {
  const tensors = new Map<string, Tensor>();
  const outputs = await session.run(feeds, { onTap: (name, tensor) => tensors.set(name, tensor) });
  for (const [name, tensor] of Object.entries(outputs)) tensors.set(name, tensor);
  return tensors;
}
