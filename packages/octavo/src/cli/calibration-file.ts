import { basename, dirname } from 'node:path';
import { type Calibration, requireModel, restoreCalibration, unseenData } from '@octavo/quantizer';
import { writeFiles } from '../output-files.js';
import { fingerprintOfModel } from './fingerprints.js';
import { compactJson } from './json.js';
import { readJson } from './json-file.js';

/**
 * Reads what `octavo calibrate` wrote.
 * @throws OctavoError `FILE_UNREADABLE`; QuantizerError `CALIBRATION_FILE` for a damaged file.
 */
export async function readCalibration(path: string): Promise<Calibration> {
  const json = await readJson(path, 'CALIBRATION_FILE', 'Write it with octavo calibrate.');
  return restoreCalibration(json, path);
}

/**
 * Reads the calibration of a model, with warnings of what it has not seen.
 * @param files Those that the model is read from.
 * @throws OctavoError as {@link readCalibration}; QuantizerError `CALIBRATION_MISMATCH` for another model's.
 */
export async function readRanges(
  path: string,
  files: readonly string[],
): Promise<{ calibration: Calibration; warnings: string[] }> {
  const calibration = await readCalibration(path);
  const { origin, samples } = calibration;
  if (!origin) return { calibration, warnings: [`${path} does not say which model it is of.`] };
  requireModel(origin, await fingerprintOfModel(files), path);
  const warnings = unseenData(origin, samples).map((each) => `${path} has not seen ${each}.`);
  return { calibration, warnings };
}

/** Writes a calibration, replacing a file of the name at once. Throws OctavoError `OUTPUT_UNWRITABLE`. */
export async function writeCalibration(path: string, calibration: Calibration): Promise<void> {
  await writeFiles(dirname(path), new Map([[basename(path), `${compactJson(calibration.toJSON())}\n`]]));
}
