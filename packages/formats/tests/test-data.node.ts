import { existsSync } from 'node:fs';
import { join } from 'node:path';

const BESIDE_THE_REPOSITORY = join(import.meta.dirname, '../../../../shared/data');

/**
 * A file or folder of the real models and data: those of `OCTAVO_TEST_DATA`, by default `../shared/data` beside the
 * repository. Undefined, loudly, where this machine has none.
 * @throws Error when `OCTAVO_TEST_DATA` is set and does not have it: whoever sets it wants no test skipped.
 */
export function testData(path = ''): string | undefined {
  const given = process.env['OCTAVO_TEST_DATA'];
  const found = join(given ?? BESIDE_THE_REPOSITORY, path);
  if (existsSync(found)) return found;
  if (given) throw new Error(`OCTAVO_TEST_DATA names a folder without what the tests read: ${found}`);
  console.warn(
    `\n*** SKIPPED: no ${found}; set OCTAVO_TEST_DATA to the folder of real models and data. ***\n`,
  );
  return undefined;
}
