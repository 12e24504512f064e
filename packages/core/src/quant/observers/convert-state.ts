import type { ObserverState } from './observer.js';

/** Observers that keep the same histogram and differ only in how they read it. */
const HISTOGRAM_KINDS: ReadonlySet<string> = new Set(['percentile', 'entropy', 'mse']);

/**
 * What an observer of kind `to` would have seen of the data behind another's state: histograms serve each other and hold
 * the extremes. Undefined where the state does not tell.
 */
export function convertState(state: ObserverState, to: string): ObserverState | undefined {
  if (state.kind === to) return state;
  if (!HISTOGRAM_KINDS.has(state.kind)) return undefined;
  if (HISTOGRAM_KINDS.has(to)) return { ...state, kind: to };
  if (to !== 'minmax') return undefined;
  const { empty } = state;
  return empty === 1 ? { kind: to, empty } : { kind: to, empty, min: state['min'], max: state['max'] };
}
