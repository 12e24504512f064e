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
  let best: Qparams = { scale: 1, zeroPoint: 0 };
  let least = Number.POSITIVE_INFINITY;
  const offer = (candidate: Qparams): void => {
    const error = squaredError(block, candidate, search);
    if (error < least) [best, least] = [candidate, error];
  };
  for (const candidate of candidates(block, search)) offer(candidate);
  for (let i = 0; i < REFINEMENTS; i++) {
    const scale = leastSquaresScale(block, best, search);
    if (scale > 0) offer({ scale: roundScale(scale), zeroPoint: best.zeroPoint });
  }
  return best;
}

function* candidates(block: ArrayLike<number>, { min, max, symmetric }: BlockSearch): Generator<Qparams> {
  let [low, high] = [0, 0];
  for (let i = 0; i < block.length; i++) {
    low = Math.min(low, block[i] ?? 0);
    high = Math.max(high, block[i] ?? 0);
  }
  const middle = min + Math.ceil((max - min) / 2);
  for (const share of SHARES) {
    if (symmetric) {
      yield { scale: roundScale((share * Math.max(-low, high)) / ((max - min) / 2)), zeroPoint: middle };
      continue;
    }
    const scale = roundScale((share * (high - low)) / (max - min));
    const zeroPoint = min + Math.round((-share * low) / scale);
    for (let at = Math.max(min, zeroPoint - 1); at <= Math.min(max, zeroPoint + 1); at++)
      yield { scale, zeroPoint: at };
  }
}

function squaredError(
  block: ArrayLike<number>,
  { scale, zeroPoint }: Qparams,
  { min, max }: BlockSearch,
): number {
  const [low, high] = [min - zeroPoint, max - zeroPoint];
  let sum = 0;
  for (let i = 0; i < block.length; i++) {
    const value = block[i] ?? 0;
    const v = value / scale;
    const difference = value - roundSmall(v < low ? low : v > high ? high : v) * scale;
    sum += difference * difference;
  }
  return sum;
}

/** `sum(value * q) / sum(q^2)` over the integers q, less the zero point, of the present parameters. */
function leastSquaresScale(
  block: ArrayLike<number>,
  { scale, zeroPoint }: Qparams,
  { min, max }: BlockSearch,
): number {
  const [low, high] = [min - zeroPoint, max - zeroPoint];
  let [products, squares] = [0, 0];
  for (let i = 0; i < block.length; i++) {
    const v = (block[i] ?? 0) / scale;
    const q = roundSmall(v < low ? low : v > high ? high : v);
    products += (block[i] ?? 0) * q;
    squares += q * q;
  }
  return squares > 0 ? products / squares : 0;
}
