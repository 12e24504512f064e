import { readFileSync } from 'node:fs';
import { reportProblems } from './report-problems.mjs';
import { sourceFiles } from './source-files.mjs';

/** Lines: the cap holds for every file, the median and the 90th percentile for files that are not tests. */
const BUDGET = { cap: 500, median: 130, p90: 300 };

const lengths = sourceFiles(/\.(ts|mjs|js|cc|cpp|h|inc|sh|cmake)$/).map((path) => ({
  path,
  lines: readFileSync(path, 'utf8').split('\n').length - 1,
}));
const sorted = lengths
  .filter(({ path }) => !/(^|\/)tests?\/|\.test\.ts$|_test\.cc$/.test(path))
  .map(({ lines }) => lines)
  .sort((a, b) => a - b);
const quantile = (/** @type {number} */ q) => sorted[Math.floor(q * (sorted.length - 1))] ?? 0;

const problems = lengths
  .filter(({ lines }) => lines > BUDGET.cap)
  .map(({ path, lines }) => `${path}: ${lines} lines, at most ${BUDGET.cap}: split it by idea`);
if (quantile(0.5) > BUDGET.median)
  problems.push(`median file: ${quantile(0.5)} lines, at most ${BUDGET.median}`);
if (quantile(0.9) > BUDGET.p90)
  problems.push(`90th percentile: ${quantile(0.9)} lines, at most ${BUDGET.p90}`);

reportProblems(`file length (median ${quantile(0.5)}, p90 ${quantile(0.9)} lines)`, problems);
