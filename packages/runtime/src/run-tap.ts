import type { Tap } from '@octavo/backend';
import type { Tensor } from '@octavo/core/tensor';
import type { Port, RunOptions } from './session.js';

/** Tells `onTap` of the values that a session was made to tell, and of no others; undefined where there are none. */
export function tapOf(taps: ReadonlySet<string>, { onTap }: RunOptions): Tap | undefined {
  if (!onTap || taps.size === 0) return undefined;
  return (name, tensor) => {
    if (taps.has(name)) onTap(name, tensor);
  };
}

/** Tells a tap what a run is fed, in the order of the inputs. */
export function tellInputs(inputs: readonly Port[], feeds: readonly Tensor[], tap: Tap | undefined): void {
  if (!tap) return;
  inputs.forEach(({ name }, index) => {
    const tensor = feeds[index];
    if (tensor) tap(name, tensor);
  });
}
