import type { QuantizedType } from './quantized-type.js';

/** Relative difference of a bias scale from that of its product which float32 rounding in exporters explains. */
const TOLERANCE = 2 ** -20;

interface Answer {
  readonly x: QuantizedType;
  readonly w: QuantizedType;
  readonly channel: number;
}

/** Passes and backends ask about the same products in turn; quantized types do not change once they are made. */
const answers = new WeakMap<QuantizedType, Answer>();

/**
 * The first channel in which a bias has another scale than the sums that it is added to, `f32(s_x * s_w[c])`; -1 where
 * it has theirs.
 * @param x Per tensor.
 * @param w Per tensor, or along its output channels; the groups of a transposed convolution share them.
 */
export function channelOfOtherScale(bias: QuantizedType, x: QuantizedType, w: QuantizedType): number {
  const known = answers.get(bias);
  if (known && known.x === x && known.w === w) return known.channel;
  const channel = firstOther(bias.scales, x.scales[0] ?? 0, w.scales);
  answers.set(bias, { x, w, channel });
  return channel;
}

function firstOther(found: Float32Array, inputScale: number, weightScales: Float32Array): number {
  const biases = found.length;
  const weights = weightScales.length;
  const count = Math.max(biases, weights);
  for (let c = 0; c < count; c++) {
    const expected = Math.fround(inputScale * (weightScales[c % weights] ?? 0));
    const difference = (found[c % biases] ?? 0) - expected;
    if (difference !== 0 && Math.abs(difference) > TOLERANCE * Math.abs(expected)) return c;
  }
  return -1;
}
