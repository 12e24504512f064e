import { readFileSync } from 'node:fs';
import { reportProblems } from './report-problems.mjs';
import { sourceFiles } from './source-files.mjs';

/** Comments say why, in the present tense: work left undone belongs in an issue, sections in files. */
const BANNED = [
  { pattern: /(\/\/|\/\*|\*|#).*\b(TODO|FIXME|XXX|HACK)\b/, remedy: 'finish it or open an issue' },
  { pattern: /^\s*(\/\/|\/\*|#)\s*[-=*#~]{5,}/, remedy: 'no section banners: split the file instead' },
];

const self = 'scripts/check-comments.mjs';
const problems = sourceFiles(/\.(ts|mjs|js|cc|cpp|h|inc|sh|cmake)$|CMakeLists\.txt$/)
  .filter((path) => path !== self)
  .flatMap((path) =>
    readFileSync(path, 'utf8')
      .split('\n')
      .flatMap((line, index) =>
        BANNED.filter(({ pattern }) => pattern.test(line)).map(
          ({ remedy }) => `${path}:${index + 1}: ${line.trim()} (${remedy})`,
        ),
      ),
  );

reportProblems('comments', problems);
