import { constants } from 'node:fs';
import { access, stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { OctavoError } from '@octavo/core/tensor';
import { unwritable } from '../output-files.js';

/**
 * Checks, before long work, that a file can be written and is none of the inputs, by whatever name.
 * @throws OctavoError `OUTPUT_UNWRITABLE`, `OUTPUT_IS_INPUT`.
 */
export async function checkOutputFile(path: string, inputs: readonly string[]): Promise<void> {
  const existing = await stat(path).catch(() => undefined);
  if (existing?.isDirectory()) throw unwritable(path, 'it is a directory');
  if (existing && !existing.isFile()) throw unwritable(path, 'it is no regular file');
  for (const input of inputs) {
    const source = await stat(input).catch(() => undefined);
    const same = source && existing && source.ino === existing.ino && source.dev === existing.dev;
    if (same || resolve(input) === resolve(path)) throw outputIsInput(path);
  }
  const parent = dirname(resolve(path));
  const directory = await stat(parent).catch((cause: unknown) => {
    throw unwritable(path, cause);
  });
  if (!directory.isDirectory()) throw unwritable(path, `${parent} is not a directory`);
  await checkAccess(parent, path);
}

/**
 * Checks, before long work, that a directory can be written to, or made.
 * @throws OctavoError `OUTPUT_UNWRITABLE`.
 */
export async function checkOutputDirectory(path: string): Promise<void> {
  for (let at = resolve(path); ; at = dirname(at)) {
    const status = await stat(at).catch(() => undefined);
    if (status?.isDirectory()) return checkAccess(at, path);
    if (status) throw unwritable(path, `${at} is not a directory`);
    if (at === dirname(at)) throw unwritable(path, `${at} does not exist`);
  }
}

async function checkAccess(directory: string, path: string): Promise<void> {
  await access(directory, constants.W_OK | constants.X_OK).catch((cause: unknown) => {
    throw unwritable(path, cause);
  });
}

function outputIsInput(path: string): OctavoError {
  return new OctavoError({
    code: 'OUTPUT_IS_INPUT',
    where: path,
    message: 'the output is the input.',
    remedy: 'Write to another file.',
  });
}
