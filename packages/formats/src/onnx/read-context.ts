import type { OpRegistry } from '@octavo/core/ir';
import { FormatError } from '../format-error.js';
import type { ByteSource } from '../wire/byte-source.js';

/** Finds the file that an external tensor names. Throws FormatError when it may not be read. */
export type ExternalData = (location: string) => ByteSource;

/** What every part of reading a model shares. */
export interface ReadContext {
  readonly source: ByteSource;
  readonly registry: OpRegistry;
  readonly externalData: ExternalData | undefined;
  /** Ops that are the model's own functions, as `domain::name`. */
  readonly functions: ReadonlySet<string>;
  readonly irVersion: number;
  /** Whether initializers that are inputs too stay inputs. */
  readonly keepConstantInputs: boolean;
  /** Told once for each kind of thing that was left out or assumed. */
  readonly notice: (text: string) => void;
}

/** An error at a place of the model that is being read. */
export function readError(
  context: Pick<ReadContext, 'source'>,
  code: string,
  place: string,
  message: string,
  remedy?: string,
): FormatError {
  return new FormatError({ code, where: `${context.source.name}, ${place}`, message, remedy });
}
