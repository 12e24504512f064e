import { readFile } from 'node:fs/promises';
import { DatasetError } from './dataset-error.js';

/** The bytes of a file. Throws DatasetError `DATASET_UNREADABLE`. */
export async function readBytes(path: string): Promise<Uint8Array> {
  try {
    return await readFile(path);
  } catch (cause) {
    throw unreadable(path, cause);
  }
}

/** The error for a path that the operating system refuses. */
export function unreadable(path: string, cause: unknown): DatasetError {
  return new DatasetError({
    code: 'DATASET_UNREADABLE',
    where: path,
    message: `it cannot be read (${cause instanceof Error ? cause.message : String(cause)}).`,
    remedy: 'Check the path and its permissions.',
    cause,
  });
}
