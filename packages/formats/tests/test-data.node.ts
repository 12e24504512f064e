import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** The folder of real models (OCTAVO_TEST_DATA, default ../shared/data beside the repository); undefined, loudly, when absent. */
export function testData(): string | undefined {
  const beside = fileURLToPath(new URL('../../../../shared/data/', import.meta.url));
  const folder = process.env['OCTAVO_TEST_DATA'] ?? beside;
  if (existsSync(folder)) return folder;
  console.warn(`SKIPPED: no real models in ${folder}; set OCTAVO_TEST_DATA to their folder.`);
  return undefined;
}
