/**
 * Prints the outcome of one repository check and sets the exit code.
 *
 * @param {string} check name of the check
 * @param {readonly string[]} problems one line each; empty when the check passed
 */
export function reportProblems(check, problems) {
  for (const problem of problems) console.error(problem);
  console.log(problems.length === 0 ? `${check}: ok` : `${check}: ${problems.length} problem(s)`);
  process.exitCode = problems.length === 0 ? 0 : 1;
}
