import { tmpdir } from 'node:os';
import { sep } from 'node:path';

const MOST_CHARACTERS = 120;

/** The last line of what went wrong, without the names of temporary folders, which differ from run to run. */
export function failureText(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  const last = message.trim().split('\n').at(-1) ?? '';
  const [before = '', ...paths] = last.split(tmpdir() + sep);
  const kept = paths.map((path) => path.slice(path.indexOf(sep) + 1));
  return [before, ...kept].join('').slice(0, MOST_CHARACTERS);
}
