import { type Qparams, type QuantizedType, roundScale, roundSmall } from '@octavo/core/quant';
import { fitBlocks } from './fit-blocks.js';
import { integerRange } from './integer-range.js';
import type { BlockFormat, WeightMatrix } from './weight-rounding.js';

/** The integers of a block. */
export interface BlockSearch {
  readonly min: number;
  readonly max: number;
  readonly symmetric: boolean;
}

const SHARES = Array.from({ length: 33 }, (_, i) => 1.4 - 0.025 * i);
const REFINEMENTS = 3;
/** Elements between two looks at whether an error is too large already. */
const STRIDE = 8;

/** The parameters of {@link searchBlock} for every block. Throws QuantizationError `QUANT_RANGE`. */
export function searchBlocks(weights: WeightMatrix, format: BlockFormat): QuantizedType {
  const search = { ...integerRange(format), symmetric: format.symmetric };
  return fitBlocks(weights, format, (block) => searchBlock(block, search));
}

/**
 * The scale and zero point of one block with the least squared error: a grid over ranges of 60% to 140% of the
 * block's own (wider ones let an outlier fall on an integer) and, where there is a zero point, its neighbours; then the
 * least-squares scale for the integers found, repeated (the "make_qx_quants" search of llama.cpp and OMSE of Choukroun
 * et al. 2019, arXiv:1902.06822, by grid).
 * @param block Finite weights that are not all equal.
 */
export function searchBlock(block: ArrayLike<number>, search: BlockSearch): Qparams {
  const best = new BestQparams(block, search);
  const { min, max, symmetric } = search;
  let low = 0;
  let high = 0;
  for (let i = 0; i < block.length; i++) {
    low = Math.min(low, block[i] ?? 0);
    high = Math.max(high, block[i] ?? 0);
  }
  const middle = min + Math.ceil((max - min) / 2);
  const width = symmetric ? 2 * Math.max(-low, high) : high - low;
  for (const share of SHARES) {
    const scale = roundScale((share * width) / (max - min));
    if (symmetric) {
      best.offer(scale, middle);
      continue;
    }
    const zeroPoint = min + Math.round((-share * low) / scale);
    for (let at = Math.max(min, zeroPoint - 1); at <= Math.min(max, zeroPoint + 1); at++)
      best.offer(scale, at);
  }
  for (let i = 0; i < REFINEMENTS; i++) {
    const scale = best.leastSquaresScale();
    if (scale > 0) best.offer(roundScale(scale), best.zeroPoint);
  }
  return { scale: best.scale, zeroPoint: best.zeroPoint };
}

/** The best parameters offered for a block; nothing is allocated for those that are not. */
class BestQparams {
  scale = 1;
  zeroPoint = 0;
  private least = Number.POSITIVE_INFINITY;
  private readonly block: ArrayLike<number>;
  private readonly min: number;
  private readonly max: number;

  constructor(block: ArrayLike<number>, { min, max }: BlockSearch) {
    this.block = block;
    this.min = min;
    this.max = max;
  }

  offer(scale: number, zeroPoint: number): void {
    const error = squaredError(this.block, scale, this.min - zeroPoint, this.max - zeroPoint, this.least);
    if (error >= this.least) return;
    this.scale = scale;
    this.zeroPoint = zeroPoint;
    this.least = error;
  }

  /** `sum(value * q) / sum(q^2)` over the integers q, less the zero point, of the present parameters. */
  leastSquaresScale(): number {
    const { block, scale } = this;
    const low = this.min - this.zeroPoint;
    const high = this.max - this.zeroPoint;
    let products = 0;
    let squares = 0;
    for (let i = 0; i < block.length; i++) {
      const v = (block[i] ?? 0) / scale;
      const q = roundSmall(v < low ? low : v > high ? high : v);
      products += (block[i] ?? 0) * q;
      squares += q * q;
    }
    return squares > 0 ? products / squares : 0;
  }
}

/**
 * The squared error of a block in integers of `low` to `high`, less the zero point; where it reaches `enough`, any number
 * that does.
 */
function squaredError(
  block: ArrayLike<number>,
  scale: number,
  low: number,
  high: number,
  enough: number,
): number {
  let sum = 0;
  for (let start = 0; start < block.length && sum < enough; start += STRIDE) {
    const end = Math.min(start + STRIDE, block.length);
    for (let i = start; i < end; i++) {
      const value = block[i] ?? 0;
      const v = value / scale;
      const difference = value - roundSmall(v < low ? low : v > high ? high : v) * scale;
      sum += difference * difference;
    }
  }
  return sum;
}
