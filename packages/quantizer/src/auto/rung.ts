import type { Model } from '@octavo/core/ir';
import type { QualityLimit, TrialFigures } from '../judging/index.js';
import type { Recipe } from '../recipe.js';
import type { QuantizationReport } from '../report.js';
import type { Sensitivity } from '../sensitivity/index.js';

/** A quantized model to be measured. */
export interface Candidate {
  /** What was done, in a few words, e.g. `mse observer`. */
  readonly label: string;
  readonly model: Model;
  /** How it was made, where a recipe says so. */
  readonly report?: QuantizationReport | undefined;
}

/** What became of one thing that a rung tried. */
export interface Attempt {
  readonly rung: string;
  readonly label: string;
  /** `missed` the limit, `failed` to be made or run, or was `skipped` because it could not help. */
  readonly outcome: 'passed' | 'missed' | 'failed' | 'skipped';
  /** Why, for all but those that passed. */
  readonly because?: string;
  /** Why the validation samples are too few to decide between passing and missing, where they are. */
  readonly undecided?: string;
  /** The stable code of an Octavo error. */
  readonly code?: string;
  readonly recipe?: Recipe;
  /** Present when it was measured. */
  readonly figures?: TrialFigures;
  /** What making and measuring it took. */
  readonly seconds: number;
}

/** What rungs work with. */
export interface RungContext {
  /** The float model; rungs do not change it. */
  readonly source: Model;
  readonly limit: QualityLimit;
  /** Whether there are calibration samples. */
  readonly canCalibrate: boolean;
  /** What was tried so far, in order. */
  readonly attempts: readonly Attempt[];
  readonly signal?: AbortSignal | undefined;
  /**
   * Quantizes the source by a recipe, calibrating where its mode needs that; `exclude` and `layers` add to those that all
   * methods share. Throws as `quantizeModel`.
   */
  quantize(label: string, recipe: Partial<Recipe>): Promise<Candidate>;
  /**
   * The weights and input in 8 bits of every layer that the shared recipe does not keep in float, the most sensitive first;
   * found once, from the calibration samples.
   */
  sensitivity(): Promise<readonly Sensitivity[]>;
}

/**
 * One method that the automatic pipeline tries. It makes candidates one after another and is told what became of each
 * before it is asked for the next, so that it can stop or go on searching.
 */
export interface Rung {
  readonly name: string;
  /** One line for reports. */
  readonly description: string;
  /** Why trying it cannot help; undefined when it may. */
  skips?(context: RungContext): string | undefined;
  candidates(context: RungContext): AsyncGenerator<Candidate, void, Attempt | undefined>;
}
