import { readFile } from 'node:fs/promises';
import { OctavoError } from '@octavo/core/tensor';
import { QuantizerError } from '@octavo/quantizer';

/**
 * Reads a JSON file.
 * @param code Of the error for text that is no JSON.
 * @param remedy Of the same.
 * @throws OctavoError `FILE_UNREADABLE`; QuantizerError with the code given.
 */
export async function readJson(path: string, code: string, remedy: string): Promise<unknown> {
  const text = await readFile(path, 'utf8').catch((cause: unknown) => {
    throw new OctavoError({
      code: 'FILE_UNREADABLE',
      where: path,
      message: 'it cannot be read.',
      remedy: 'Check the path.',
      cause,
    });
  });
  try {
    return JSON.parse(text);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new QuantizerError({ code, where: path, message: `it is no JSON (${reason}).`, remedy, cause });
  }
}
