import { basename, dirname } from 'node:path';
import { type Calibration, restoreCalibration } from '@octavo/quantizer';
import { writeFiles } from '../output-files.js';
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

/** Writes a calibration, replacing a file of the name at once. Throws OctavoError `OUTPUT_UNWRITABLE`. */
export async function writeCalibration(path: string, calibration: Calibration): Promise<void> {
  await writeFiles(dirname(path), new Map([[basename(path), `${compactJson(calibration.toJSON())}\n`]]));
}
