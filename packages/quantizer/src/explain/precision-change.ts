import type { LayerRule } from '../layer-rule.js';
import { ACTIVATION_DTYPES, bitsOf, WEIGHT_DTYPES } from '../precision.js';
import type { LayerEvidence } from './evidence.js';
import type { LayerPair } from './layer-pair.js';

/** A change of one layer's precision, in words and as a rule. */
export interface PrecisionChange {
  readonly change: string;
  readonly rules: readonly LayerRule[];
}

/** How rules name a layer: by its result, a name that no other node has. */
export function nodesOf(...pairs: readonly LayerPair[]): string[] {
  return pairs.map(({ parts }) => parts.node.output?.name ?? parts.node.label);
}

/** More bits for what a layer reads: 16, then float. Ranges of run time have 8 bits. */
export function widenInput(pair: LayerPair): PrecisionChange {
  if (pair.input && !pair.input.grid)
    return {
      change: 'leave what it reads in float, and quantize its weights only',
      rules: [{ nodes: nodesOf(pair), activations: 'float' }],
    };
  const storage = pair.input?.type.storage;
  const dtype = ACTIVATION_DTYPES.find((each) => bitsOf(each) === 16 && each[0] === storage?.[0]);
  const isWide = ACTIVATION_DTYPES.some((each) => each === storage && bitsOf(each) === 16);
  if (!dtype || isWide) return keepFloat(nodesOf(pair));
  return {
    change: `give what it reads 16 bits (${dtype})`,
    rules: [{ nodes: nodesOf(pair), activations: { dtype }, observer: 'minmax' }],
  };
}

/** More bits for a layer's weights: 4, 8, then float. */
export function widenWeights(pair: LayerPair): PrecisionChange {
  const storage = WEIGHT_DTYPES.find((each) => each === pair.quantizedWeights?.type?.storage);
  const bits = storage && 2 * bitsOf(storage);
  const dtype = WEIGHT_DTYPES.find((each) => each[0] === storage?.[0] && bitsOf(each) === bits);
  if (!dtype || bitsOf(dtype) > 8) return keepFloat(nodesOf(pair));
  const isBlocked = pair.quantizedWeights?.type?.granularity.kind === 'per-block';
  return {
    change: `give its weights ${bits} bits (${dtype})`,
    rules: [
      { nodes: nodesOf(pair), weights: { dtype, ...(isBlocked ? {} : { granularity: 'per-channel' }) } },
    ],
  };
}

/** The last resort for layers. */
export function keepFloat(nodes: readonly string[]): PrecisionChange {
  return { change: 'keep it in float', rules: [{ nodes, keepFloat: true }] };
}

/** More bits for what makes more of a layer's own noise, its weights or what it reads. */
export function widen({ pair, noise }: LayerEvidence): PrecisionChange {
  return noise.weights > noise.inputRounding + noise.saturation ? widenWeights(pair) : widenInput(pair);
}
