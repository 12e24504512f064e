import { OctavoError } from '@octavo/core/tensor';

/** A file that cannot be read, or a model that cannot be written; `code` starts with the format's name. */
export class FormatError extends OctavoError {}
