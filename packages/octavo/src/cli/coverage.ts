import type { Model } from '@octavo/core/ir';
import {
  type CalibrateModelOptions,
  type Coverage,
  coverageWarnings,
  findGaps,
  type ObservedSet,
  observeSet,
  QuantizerError,
  type Recipe,
  SampleProfile,
} from '@octavo/quantizer';
import { type CommandContext, interruptible, withProgress } from './context.js';
import type { NamedSegmentation } from './judging.js';
import { type DataFlags, openCalibration } from './open-data.js';
import { floatSessions } from './search.js';

/** Flags that say which validation data a calibration set should cover, and by what these are divided. */
export interface CoverageFlags extends DataFlags {
  readonly validation?: string;
  readonly validationSamples?: number;
  readonly segment: readonly NamedSegmentation[];
  readonly threads?: number;
}

/** What a coverage check found, for people too. */
export interface CheckedCoverage {
  readonly coverage: Coverage | null;
  readonly warnings: readonly string[];
}

/** Where only one of the two sets is given. */
export const UNCHECKED: CheckedCoverage = { coverage: null, warnings: [] };

/** Compares a calibration set with the validation data that flags name; nothing to say where they name none. */
export async function checkCoverage(
  source: Model,
  calibration: ObservedSet,
  flags: CoverageFlags,
  recipe: Partial<Recipe>,
  context: CommandContext,
): Promise<CheckedCoverage> {
  const { validation, validationSamples, samples: _, stratify = [], segment, ...shared } = flags;
  if (validation === undefined) return UNCHECKED;
  const limit = validationSamples === undefined ? {} : { samples: validationSamples };
  const found = await observe(source, validation, { ...shared, ...limit }, recipe, context);
  const strata = stratify.map(({ column, quantiles }) =>
    quantiles === undefined ? column : `${column}:quantile${quantiles}`,
  );
  const specs = [...new Set([...segment.map(({ spec }) => spec), ...strata])];
  const coverage = findGaps(calibration, found, specs);
  return { coverage, warnings: coverageWarnings(coverage) };
}

/** Compares the calibration samples of a search with the validation data that it judges by. */
export async function checkSets(
  source: Model,
  flags: CoverageFlags & { readonly calibration?: string },
  recipe: Partial<Recipe>,
  context: CommandContext,
): Promise<CheckedCoverage> {
  const { calibration } = flags;
  if (calibration === undefined) return UNCHECKED;
  const set = await observe(source, calibration, flags, recipe, context);
  return await checkCoverage(source, set, flags, recipe, context);
}

/**
 * Runs samples through the float model for a coverage check. Where the model has nothing to calibrate, or a sample makes
 * what is no number, activations are left out.
 */
export async function observe(
  source: Model,
  path: string,
  flags: DataFlags & Pick<CoverageFlags, 'threads'>,
  recipe: Partial<Recipe>,
  context: CommandContext,
): Promise<ObservedSet> {
  const dataset = await openCalibration(path, source.graph, flags);
  const samples = () => interruptible(dataset.samples(), context.signal);
  return await withProgress(context, 'checking coverage', dataset.size, async (progress) => {
    const options: CalibrateModelOptions = {
      recipe,
      signal: context.signal,
      createSession: floatSessions(context, flags.threads),
      onSample: (seen) => progress.update(seen),
    };
    try {
      return await observeSet(source, samples(), options);
    } catch (error) {
      if (!(error instanceof QuantizerError) || !UNOBSERVED.includes(error.code)) throw error;
      const profile = new SampleProfile();
      for await (const sample of samples()) profile.add(sample);
      return { profile };
    }
  });
}

const UNOBSERVED: readonly string[] = ['NOTHING_TO_QUANTIZE', 'CALIBRATION_NAN'];
