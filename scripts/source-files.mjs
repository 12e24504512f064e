import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';

/**
 * Paths (relative to the repository root, forward slashes) of the files that git tracks or would add.
 *
 * @param {RegExp} pattern which paths to keep
 * @returns {string[]}
 */
export function sourceFiles(pattern) {
  const listed = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard', '-z'], {
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
  });
  return listed.split('\0').filter((path) => pattern.test(path) && existsSync(path));
}
