import { randomBytes } from 'node:crypto';
import { mkdir, rename, rm, rmdir, stat, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { OctavoError } from '@octavo/core/tensor';

/**
 * Writes files into a directory, made when it is missing: all of them or none. Each appears under its name when all are
 * complete.
 * @param files Contents by file name.
 * @returns The paths, in order.
 * @throws OctavoError `OUTPUT_UNWRITABLE`; the signal's reason.
 */
export async function writeFiles(
  directory: string,
  files: ReadonlyMap<string, string | Uint8Array>,
  signal?: AbortSignal,
): Promise<string[]> {
  signal?.throwIfAborted();
  const targets = [...files].map(([name, content]) => {
    const path = join(directory, name);
    return { path, content, staged: `${path}.${randomBytes(6).toString('hex')}.partial` };
  });
  const made: string[] = [];
  try {
    for (const missing of await missingDirectories(directory)) {
      await mkdir(missing);
      made.unshift(missing);
    }
    for (const { path } of targets) await refuseSpecial(path);
    for (const { staged, content } of targets) {
      await writeFile(staged, content, { flag: 'wx' });
      signal?.throwIfAborted();
    }
    for (const { staged, path } of targets) await rename(staged, path);
  } catch (error) {
    for (const { staged } of targets) await rm(staged, { force: true });
    for (const directory of made) await rmdir(directory).catch(() => {});
    if (signal?.aborted) throw error;
    throw unwritable(directory, error);
  }
  return targets.map(({ path }) => path);
}

/** The error for a path that results cannot be written to. */
export function unwritable(path: string, cause: unknown): OctavoError {
  return new OctavoError({
    code: 'OUTPUT_UNWRITABLE',
    where: path,
    message: `it cannot be written (${cause instanceof Error ? cause.message : String(cause)}).`,
    remedy: 'Name another place, or check that the directory exists, may be written to and has room.',
    cause,
  });
}

/** A device or directory of the name would be replaced, or stop the last step halfway. */
async function refuseSpecial(path: string): Promise<void> {
  const status = await stat(path).catch(() => undefined);
  if (status && !status.isFile()) throw new Error(`${path} is no regular file`);
}

/** Directories on the way to one that do not exist yet, outermost first: Node's recursive mkdir never returns in /proc. */
async function missingDirectories(directory: string): Promise<string[]> {
  const missing: string[] = [];
  let at = resolve(directory);
  while (at !== dirname(at) && !(await stat(at).catch(() => undefined))) {
    missing.unshift(at);
    at = dirname(at);
  }
  return missing;
}
