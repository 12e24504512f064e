import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { reportProblems } from './report-problems.mjs';

/** Largest tarball that a package may publish, in bytes. */
const TARBALL_LIMIT = 1_000_000;

/** Files that every published package carries. */
const EXPECTED = ['package.json', 'README.md', 'LICENSE'];

/** Files that no published package carries. */
const UNWANTED = /\.test\.|\.tsbuildinfo$|(^|\/)node_modules\//;

const directories = readdirSync('packages').map((name) => `packages/${name}`);
const problems = directories.flatMap((directory) => [
  ...findProblems(['publint', '--strict', directory]),
  ...findProblems(['attw', '--pack', directory, '--profile', 'esm-only']),
  ...checkTarball(directory),
]);
reportProblems(`${directories.length} packages`, problems);

/** @param {readonly string[]} command */
function findProblems(command) {
  const ran = run('npx', ['--no-install', ...command]);
  return ran.status === 0 ? [] : [`${command.join(' ')}:\n${ran.stdout}${ran.stderr}`];
}

/** @param {string} directory */
function checkTarball(directory) {
  const ran = run('npm', ['pack', '--dry-run', '--json', `./${directory}`]);
  if (ran.status !== 0) return [`npm pack ${directory}:\n${ran.stderr}`];
  const [pack] = JSON.parse(ran.stdout);
  /** @type {string[]} */
  const paths = pack.files.map((/** @type {{ path: string }} */ file) => file.path);
  const unwanted = paths.filter((path) => UNWANTED.test(path));
  const absent = EXPECTED.filter((path) => !paths.includes(path));
  return [
    ...unwanted.map((path) => `${pack.name}: would publish ${path}`),
    ...absent.map((path) => `${pack.name}: would publish no ${path}`),
    ...(pack.size > TARBALL_LIMIT
      ? [`${pack.name}: ${pack.size} bytes packed, at most ${TARBALL_LIMIT}`]
      : []),
  ];
}

/**
 * @param {string} command
 * @param {readonly string[]} args
 */
function run(command, args) {
  return spawnSync(command, args, { encoding: 'utf8', shell: process.platform === 'win32' });
}
