import { expect } from 'vitest';
import { octavo, type Workspace } from './command-line.js';
import { documentOf } from './schemas.js';

export interface Failure {
  readonly code: 1 | 2;
  readonly error: string;
  /** What the error's line on stderr says. */
  readonly says: readonly (string | RegExp)[];
}

/** Runs a command line that must fail, as text and as JSON: the error told, and nothing new in the folder. */
export async function fails(
  work: Workspace,
  args: readonly string[],
  { code, error, says }: Failure,
): Promise<string> {
  const before = work.list();
  const plain = await octavo(args);
  expect(plain.code).toBe(code);
  expect(plain.stdout).toBe('');
  const line = plain.stderr.split('\n').find((each) => /^(octavo|error): /.test(each)) ?? '';
  for (const part of says) expect(line).toMatch(part);
  const json = await octavo([...args, '--json']);
  expect(json.code).toBe(code);
  expect(documentOf(json.stdout, 'error')).toMatchObject({ error: { code: error } });
  expect(work.list()).toEqual(before);
  return plain.stderr;
}

/** The same, with the error's line as the only one. */
export async function failsInOneLine(
  work: Workspace,
  args: readonly string[],
  failure: Failure,
): Promise<void> {
  const stderr = await fails(work, args, failure);
  expect(stderr.trimEnd().split('\n')).toHaveLength(1);
}
