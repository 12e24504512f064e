import { reportProblems } from './report-problems.mjs';
import { sourceFiles } from './source-files.mjs';

/** Words that say nothing about what a file or folder holds. */
const EMPTY_WORDS = new Set(
  'util utils helper helpers common misc shared manager managers processor handler handlers'.split(' '),
);

/** Words that say nothing when they are the whole name. */
const EMPTY_NAMES = new Set(['info', 'data']);

const problems = sourceFiles(/\.(ts|mjs|js|cc|cpp|h|inc)$/).flatMap((path) => {
  const names = path.split('/').map((segment) => segment.replace(/\..*$/, ''));
  const stem = names.at(-1) ?? '';
  const words = names.flatMap((name) => name.split(/[-_]/)).filter((word) => EMPTY_WORDS.has(word));
  const empty = EMPTY_NAMES.has(stem) ? [...words, stem] : words;
  const found = empty.map((word) => `${path}: '${word}' says nothing: name the idea that the file holds`);
  const isNative = /\.(cc|cpp|h|inc)$/.test(path);
  if (isNative && !/^[a-z0-9]+(_[a-z0-9]+)*$/.test(stem)) found.push(`${path}: write the name in snake_case`);
  return found;
});

reportProblems('file names', problems);
