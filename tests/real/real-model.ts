import type { Sample } from '@octavo/datasets';
import type { Metric, OutputTransform, Summary } from '@octavo/evaluation';
import type { Recipe } from '@octavo/quantizer';
import type { Session } from '@octavo/runtime';
import type { Decide } from './decisions.js';

/** A public model and how it is quantized. */
export interface QuantizedModel {
  readonly name: string;
  /** Path below the data folder. */
  readonly file: string;
  /** What suits the model. */
  readonly static: Partial<Recipe>;
  readonly dynamic: Partial<Recipe>;
  /** INT4 weights in blocks of 32, where the model has matrices to speak of. */
  readonly weightOnly?: Partial<Recipe>;
  /** Where the calibration samples come from, for the table; says so when they are test samples. */
  readonly calibratedOn: string;
  /** The op that our backends lack; absent when they run the model. */
  readonly lacks?: string;
  /** What the first output decides, where that is not the largest number of each row. */
  readonly decide?: Decide;
  /** @param float The float model on onnxruntime, which carries recurrent states. */
  calibration(folder: string, float: Session): Promise<readonly Sample[]>;
}

/** A public model with the data that shows whether it still works. */
export interface LabelledModel extends QuantizedModel {
  readonly metric: Metric;
  /** What the limits are for, where it is another summary of the same scores. */
  readonly judge?: Summary;
  readonly transform?: OutputTransform;
  /** Who says what is right: people or data, or (where there are no labels) the float model's own decisions. */
  readonly labels: 'data' | 'float model';
  /** The figure of the float model, from the manifest of the data, and how close ours must come to it. */
  readonly float: { readonly value: number; readonly within: number };
  /** A count over the decisions that the manifest of the data gives for the float model. */
  readonly count?: DecisionCount;
  /** Largest drop of static INT8 that passes: points for scores, a share for errors. */
  readonly largestDrop: number;
  /** The same of INT4 weights, where the model has matrices to speak of. */
  readonly largestInt4Drop?: number;
  /** Labelled samples, all of them; without labels where the float model gives them. */
  test(folder: string, float: Session): Promise<readonly Sample[]>;
}

export interface DecisionCount {
  readonly name: string;
  readonly value: number;
  of(decisions: readonly { readonly sample: string; readonly prediction: number }[]): number;
}

/** A public model that only onnxruntime and its own float form can be compared with. */
export interface UnlabelledModel extends QuantizedModel {
  /** Least SQNR of the static INT8 outputs against the float model's, in dB. */
  readonly leastSqnr: number;
  /** Whether channels are known to need larger weight scales for their biases. */
  readonly raisesScales?: boolean;
  /** Inputs other than the calibration samples. */
  inputs(folder: string): Promise<readonly Sample[]>;
}
