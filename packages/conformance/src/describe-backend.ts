import type { Backend } from '@octavo/backend';
import { describe, expect, it } from 'vitest';
import { allCases } from './cases/index.js';
import type { ConformanceCase } from './conformance-case.js';
import { declineReason, runCase } from './run-case.js';

export interface DescribeBackendOptions {
  /** Cases that are known to differ, by name, each with the reason that the report shows. */
  readonly skip?: Readonly<Record<string, string>>;
  /** Which cases to run (default: all). */
  readonly cases?: readonly ConformanceCase[];
}

/**
 * Declares a vitest suite that runs every case on a backend: integers must equal those of the reference, floats keep
 * within the bounds of `docs/numerics.md`. A case with a node that the backend declines is skipped under a name that
 * gives the reason; a backend that claims a case and differs fails.
 * @throws Error when `skip` names no case, or the backend declines every case
 */
export function describeBackend(backend: Backend, options: DescribeBackendOptions = {}): void {
  const cases = options.cases ?? allCases;
  const skip = new Map(Object.entries(options.skip ?? {}));
  for (const name of skip.keys()) {
    if (!cases.some((each) => each.name === name)) throw new Error(`skip names no conformance case: ${name}`);
  }
  const reasons = new Map(
    cases.map((each) => {
      const declined = declineReason(backend, each);
      return [each, skip.get(each.name) ?? (declined === undefined ? undefined : `declined: ${declined}`)];
    }),
  );
  describe(`backend ${backend.id}`, () => {
    it('claims some case', () => {
      expect([...reasons.values()]).toContain(undefined);
    });
    for (const [test, reason] of reasons) {
      if (reason !== undefined) it.skip(`${test.name} (${reason})`, () => undefined);
      else
        it(test.name, async () => {
          expect(await runCase(backend, test)).toEqual({ outcome: 'passed' });
        });
    }
  });
}
