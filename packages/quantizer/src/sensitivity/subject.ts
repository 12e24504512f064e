import type { Model, Node } from '@octavo/core/ir';
import type { BridgeStatistics } from './bridge-statistics.js';
import { isolateLayer } from './isolate-layer.js';
import { decibels, partNoise, roundWeights } from './layer-noise.js';
import { isSeen, type LayerStatistics } from './layer-statistics.js';
import { gridOfRange, rangeNoise } from './range-noise.js';
import { BITS, type Bits, PARTS, type Part } from './sensitivity.js';
import { meanStoredSquare, roundStored, type StoredStatistics } from './stored-statistics.js';

/** What was seen of something that quantization changes. */
export type SensitiveStatistics = LayerStatistics | StoredStatistics | BridgeStatistics;

/** Something that is quantized alone, to see what that costs. */
export interface Subject {
  readonly node: Node;
  /** Elements of its weights. */
  readonly weights: number;
  /** What of it is ever quantized, and to how many bits. */
  readonly parts: readonly Part[];
  readonly bits: readonly Bits[];
  /** Estimated signal to noise at its own output in dB; NaN where no sample reached it. */
  estimate(part: Part, bits: Bits): number;
  /** A copy of the prepared model in which it alone is quantized. */
  isolate(model: Model, part: Part, bits: Bits): Promise<Model>;
}

export function subjectOf(statistics: SensitiveStatistics): Subject {
  if (!('kind' in statistics)) return layerSubject(statistics);
  return statistics.kind === 'stored' ? storedSubject(statistics) : bridgeSubject(statistics);
}

/** Whether some way of quantizing is one that a subject has. */
export function isQuantized({ parts, bits }: Subject, part: Part, width: Bits): boolean {
  return parts.includes(part) && bits.includes(width);
}

function layerSubject(layer: LayerStatistics): Subject {
  const { parts, weights, shape, input } = layer;
  const { node } = parts;
  return {
    node,
    weights: weights.length,
    parts: PARTS,
    bits: BITS,
    estimate: (part, bits) =>
      isSeen(layer) ? decibels(layer.outputPower, partNoise(layer, part, bits)) : Number.NaN,
    isolate: (model, part, bits) =>
      isolateLayer(model, {
        node,
        bits,
        ...(part === 'activations'
          ? {}
          : { weights: [{ parts, numbers: roundWeights(layer, { bits }), shape }] }),
        ...(part === 'weights' ? {} : { data: [{ value: parts.data, range: input }] }),
      }),
  };
}

function storedSubject({ node, weights, bits: widths, isSeen: seen }: StoredStatistics): Subject {
  return {
    node,
    weights: weights.reduce((sum, each) => sum + each.weights.length, 0),
    parts: ['weights'],
    bits: widths,
    estimate: (_, bits) => {
      if (!seen) return Number.NaN;
      let [signal, noise] = [0, 0];
      for (const used of weights) {
        const rounded = roundStored(used, bits);
        const weight = (i: number): number => used.weights[i] ?? 0;
        signal += meanStoredSquare(used, (i) => weight(i) ** 2);
        noise += meanStoredSquare(used, (i) => (weight(i) - (rounded[i] ?? 0)) ** 2);
      }
      return decibels(signal, noise);
    },
    isolate: (model, _, bits) =>
      isolateLayer(model, {
        node,
        bits,
        weights: weights.map((used) => ({
          parts: used.parts,
          numbers: roundStored(used, bits),
          shape: used.shape,
        })),
      }),
  };
}

function bridgeSubject({ node, data }: BridgeStatistics): Subject {
  return {
    node,
    weights: 0,
    parts: ['activations'],
    bits: BITS,
    estimate: (_, bits) => {
      let [signal, noise] = [0, 0];
      for (const { histogram, squares, count } of data) {
        if (count === 0) return Number.NaN;
        const { rounding, saturation } = rangeNoise(histogram, gridOfRange(histogram, bits));
        signal += squares;
        noise += count * (rounding + saturation);
      }
      return decibels(signal, noise);
    },
    isolate: (model, _, bits) =>
      isolateLayer(model, {
        node,
        bits,
        data: data.map(({ value, histogram: range }) => ({ value, range })),
      }),
  };
}
