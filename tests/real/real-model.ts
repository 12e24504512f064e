import type { Sample } from '@octavo/datasets';
import type { Metric, OutputTransform } from '@octavo/evaluation';
import type { Recipe } from '@octavo/quantizer';

/** A public model with the data that shows whether it still works. */
export interface RealModel {
  readonly name: string;
  /** Path below the data folder. */
  readonly file: string;
  readonly metric: Metric;
  readonly transform?: OutputTransform;
  /** The figure of the float model, from the manifest of the data, and how close ours must come to it. */
  readonly float: { readonly value: number; readonly within: number };
  /** Largest drop of static INT8 that passes: points for scores, a share for errors. */
  readonly largestDrop: number;
  /** What suits the model; a missing mode is not tried. */
  readonly static?: Partial<Recipe>;
  readonly dynamic?: Partial<Recipe>;
  /** Labelled samples, all of them. */
  test(folder: string): Promise<readonly Sample[]>;
  /** Unlabelled or training samples for calibration. */
  calibration(folder: string): Promise<readonly Sample[]>;
}
