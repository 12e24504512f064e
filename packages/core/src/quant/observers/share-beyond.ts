import type { RealRange } from '../qparams.js';
import { readState } from './histogram-observer.js';
import type { ObserverState } from './observer.js';

/**
 * The share of the values behind a histogram observer's state that lie beyond a range, to within one bin at each end:
 * values in the bin of an end count as inside. Undefined without values, and where the state is no histogram.
 */
export function shareBeyond(state: ObserverState, { min, max }: RealRange): number | undefined {
  const histogram = state['counts'] === undefined ? undefined : readState(state.kind, state);
  if (!histogram) return undefined;
  const { counts, low, exponent, zeros } = histogram;
  const width = 2 ** exponent;
  const [first, last] = [Math.floor(min / width), Math.floor(max / width)];
  let beyond = 0;
  let all = zeros;
  counts.forEach((count, i) => {
    all += count;
    if (i + low < first || i + low > last) beyond += count;
  });
  return all === 0 ? undefined : beyond / all;
}
