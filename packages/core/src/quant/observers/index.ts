import { entropy } from './entropy.js';
import { minMax } from './min-max.js';
import { movingAverage } from './moving-average.js';
import { mse } from './mse.js';
import type { ObserverFactory } from './observer.js';
import { percentile } from './percentile.js';

/** Every observer by the name that recipes and the command line use. */
export const observers = {
  minmax: minMax,
  percentile,
  entropy,
  mse,
  'moving-average': movingAverage,
} as const satisfies Readonly<Record<string, ObserverFactory>>;

export type ObserverName = keyof typeof observers;

export function isObserverName(name: string): name is ObserverName {
  return Object.hasOwn(observers, name);
}

export { ChannelObservers, type ChannelsState } from './channels.js';
export { convertState } from './convert-state.js';
export { type BinCounts, type Bins, type Float32Scan, float32Scan } from './float32-scan.js';
export { Histogram, type HistogramState } from './histogram.js';
export { mseRange } from './mse.js';
export type { Observer, ObserverFactory, ObserverOptions, ObserverState } from './observer.js';
export { rangeSqnr } from './range-sqnr.js';
export { shareBeyond } from './share-beyond.js';
