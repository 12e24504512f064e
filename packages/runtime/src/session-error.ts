import { OctavoError } from '@octavo/core/tensor';

/** A model that cannot be run, or feeds that do not fit it. */
export class SessionError extends OctavoError {}
