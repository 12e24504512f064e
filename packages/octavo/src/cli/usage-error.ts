import { OctavoError } from '@octavo/core/tensor';

/** A command line that cannot be meant: exit code 2. */
export class UsageError extends OctavoError {
  constructor(message: string, remedy = 'See --help.') {
    super({ code: 'USAGE', message, remedy });
  }
}
