import type { NumberArray, Shape } from '@octavo/core/tensor';

/** Channels with less than this share of the strongest one's power count as silent. */
const SILENT = 1e-9;

/** Sums squares, or squared differences, by channel of tensors of one rank. */
export class ChannelPower {
  readonly #axis: number;
  #sums = new Float64Array(0);

  /** @param axis Of the channels; negative counts from the end. */
  constructor(axis: number) {
    this.#axis = axis;
  }

  /** Adds `(values - other)^2`; pairs that are not finite are left out. */
  add(values: NumberArray, other: NumberArray | undefined, shape: Shape): void {
    const axis = this.#axis < 0 ? this.#axis + shape.length : this.#axis;
    const channels = shape[axis] ?? 1;
    const inner = shape.slice(axis + 1).reduce((product, size) => product * size, 1);
    if (this.#sums.length === 0) this.#sums = new Float64Array(channels);
    const sums = this.#sums;
    for (let i = 0, channel = 0; i < values.length; i += inner) {
      let squares = 0;
      for (let at = i; at < i + inner; at++) {
        const difference = (values[at] ?? 0) - (other?.[at] ?? 0);
        if (Number.isFinite(difference)) squares += difference * difference;
      }
      sums[channel] = (sums[channel] ?? 0) + squares;
      channel = channel + 1 === channels ? 0 : channel + 1;
    }
  }

  /**
   * Mean over the channels of their own power over that of a signal: a channel counts as much as any other, however small
   * its numbers are, because what follows may amplify it. Silent channels are left out.
   */
  over(signal: ChannelPower): number {
    const most = signal.#sums.reduce((a, b) => Math.max(a, b), 0);
    let [sum, count] = [0, 0];
    for (const [channel, power] of signal.#sums.entries()) {
      if (power <= SILENT * most) continue;
      sum += (this.#sums[channel] ?? 0) / power;
      count++;
    }
    return count === 0 ? 0 : sum / count;
  }
}
