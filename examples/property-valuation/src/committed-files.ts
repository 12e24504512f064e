import { fileURLToPath } from 'node:url';

/** The files that the training script writes and the repository keeps, as absolute paths. */
export const committedFiles = {
  model: fileURLToPath(new URL('../model/valuation.onnx', import.meta.url)),
  measures: fileURLToPath(new URL('../model/measures.json', import.meta.url)),
  calibration: fileURLToPath(new URL('../data/calibration.csv', import.meta.url)),
  validation: fileURLToPath(new URL('../data/validation.csv', import.meta.url)),
} as const;
