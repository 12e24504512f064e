import type { RungContext } from '../rung.js';

/** Why a rung that observes activations has nothing to observe. */
export function needsCalibration({ canCalibrate }: RungContext): string | undefined {
  return canCalibrate ? undefined : 'there are no calibration samples';
}
