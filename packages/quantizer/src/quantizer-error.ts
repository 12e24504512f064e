import { OctavoError } from '@octavo/core/tensor';

/** A recipe, calibration set or model that cannot be quantized as asked. */
export class QuantizerError extends OctavoError {}
