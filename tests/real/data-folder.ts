import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** The folder of real models and data, or undefined (said once, loudly) when it is absent. */
export function dataFolder(): string | undefined {
  const folder =
    process.env['OCTAVO_TEST_DATA'] ?? fileURLToPath(new URL('../../../shared/data', import.meta.url));
  if (existsSync(folder)) return folder;
  console.warn(`\n*** SKIPPED: no real models in ${folder}; set OCTAVO_TEST_DATA to their folder. ***\n`);
  return undefined;
}
