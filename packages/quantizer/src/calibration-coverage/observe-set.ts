import type { Model } from '@octavo/core/ir';
import { type CalibrateModelOptions, calibrateModel } from '../calibrate-model.js';
import type { Calibration } from '../calibration.js';
import { type ProfiledSample, SampleProfile } from './sample-profile.js';

/**
 * Runs samples through the float form of a model and keeps what a coverage check needs of them.
 * @throws QuantizerError as `calibrateModel`.
 */
export async function observeSet(
  source: Model,
  samples: AsyncIterable<ProfiledSample> | Iterable<ProfiledSample>,
  options: CalibrateModelOptions,
): Promise<{ activations: Calibration; profile: SampleProfile }> {
  const profile = new SampleProfile();
  return { activations: await calibrateModel(source, profile.watch(samples), options), profile };
}
