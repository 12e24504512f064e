import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Adds up the vitest reports in a folder and prints the closing line of a CI run. */
const [folder = '.'] = process.argv.slice(2);
const totals = { passed: 0, failed: 0, skipped: 0 };

for (const name of readdirSync(folder).filter((file) => file.endsWith('.json'))) {
  const report = JSON.parse(readFileSync(join(folder, name), 'utf8'));
  totals.passed += report.numPassedTests;
  totals.failed += report.numFailedTests + countBrokenFiles(report.testResults);
  totals.skipped += report.numPendingTests;
}

console.log(`${totals.passed} passed, ${totals.failed} failed, ${totals.skipped} skipped`);

/**
 * Test files that failed before any of their tests could.
 *
 * @param {{ status: string, assertionResults: { status: string }[] }[]} files
 */
function countBrokenFiles(files) {
  const isBroken = (/** @type {{ status: string, assertionResults: { status: string }[] }} */ file) =>
    file.status === 'failed' && !file.assertionResults.some(({ status }) => status === 'failed');
  return files.filter(isBroken).length;
}
