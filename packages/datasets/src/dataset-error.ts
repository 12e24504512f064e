import { OctavoError } from '@octavo/core/tensor';

/** Data that is missing, unreadable, or does not fit the model's inputs. Codes start with `DATASET_`. */
export class DatasetError extends OctavoError {}
