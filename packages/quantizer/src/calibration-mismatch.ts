import { QuantizerError } from './quantizer-error.js';

/**
 * The error for calibrations that do not belong together, or to a model.
 * @param where The file, where there is one.
 */
export function calibrationMismatch(
  where: string | undefined,
  message: string,
  remedy: string,
): QuantizerError {
  return new QuantizerError({
    code: 'CALIBRATION_MISMATCH',
    ...(where === undefined ? {} : { where }),
    message,
    remedy,
  });
}
