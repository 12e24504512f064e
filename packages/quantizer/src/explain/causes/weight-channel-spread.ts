import { number } from '@octavo/evaluation';
import { bitsOf, WEIGHT_DTYPES } from '../../precision.js';
import { roundWeights } from '../../sensitivity/layer-noise.js';
import { BITS } from '../../sensitivity/sensitivity.js';
import type { Cause } from '../cause.js';
import type { LayerPair } from '../layer-pair.js';
import { nodesOf } from '../precision-change.js';

/** Scales of their own must leave at most this share of the weights' error, channel by channel. */
const WORTH = 0.25;

/** Channels of unlike size share one scale, which is right for the largest only. */
export const weightChannelSpread: Cause = {
  name: 'weight-channel-spread',
  description:
    'Output channels of unlike size share one scale: it fits the largest, the others lose their digits.',
  origin: 'own',
  examine({ pair, noise }) {
    const { quantizedWeights } = pair;
    const storage = WEIGHT_DTYPES.find((each) => each === quantizedWeights?.type?.storage);
    if (!storage || quantizedWeights?.type?.granularity.kind !== 'per-tensor') return undefined;
    const bits = BITS.find((each) => each === bitsOf(storage)) ?? 8;
    const now = relativeErrors(pair, quantizedWeights.numbers);
    const then = relativeErrors(pair, roundWeights(pair, { bits }));
    if (noise.weights === 0 || mean(then) > WORTH * mean(now)) return undefined;
    const sizes = channelSizes(pair);
    return {
      noise: noise.weights,
      evidence:
        `one scale serves ${sizes.length} output channels, the largest of which has weights up to ${number(Math.max(...sizes))}, ` +
        `the smallest up to ${number(Math.min(...sizes))}`,
      change: 'give each output channel a scale of its own (per-channel weights)',
      rules: [{ nodes: nodesOf(pair), weights: { granularity: 'per-channel' } }],
    };
  },
};

const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;

function channelSizes(pair: LayerPair): number[] {
  const sizes: number[] = [];
  forEachWeight(pair, (channel, weight) => {
    sizes[channel] = Math.max(sizes[channel] ?? 0, Math.abs(weight));
  });
  return sizes.filter((size) => size > 0);
}

/** Squared error over squared weight of each output channel. */
function relativeErrors(pair: LayerPair, rounded: ArrayLike<number>): number[] {
  const [errors, squares]: [number[], number[]] = [[], []];
  forEachWeight(pair, (channel, weight, index) => {
    errors[channel] = (errors[channel] ?? 0) + (weight - (rounded[index] ?? 0)) ** 2;
    squares[channel] = (squares[channel] ?? 0) + weight ** 2;
  });
  return errors.flatMap((error, channel) => {
    const square = squares[channel] ?? 0;
    return square > 0 ? [error / square] : [];
  });
}

function forEachWeight(
  { weights, shape, parts }: LayerPair,
  visit: (channel: number, weight: number, index: number) => void,
): void {
  const inner = shape.slice(parts.channelAxis + 1).reduce((product, size) => product * size, 1);
  const channels = shape[parts.channelAxis] ?? 1;
  weights.forEach((weight, index) => {
    visit(Math.floor(index / inner) % channels, weight, index);
  });
}
