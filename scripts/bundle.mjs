import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { rolldown } from 'rolldown';

/**
 * Makes of each package what is published: one file for each entry, and what several entries share, in place of hundreds
 * of small modules, which Node loads slowly. Run it after `npm run build`; the next build writes the modules anew.
 */

/** Modules of `octavo` that are started or, by benchmarks, imported by their path. */
const PROGRAMS = ['cli/main', 'cli/random-feeds', 'bench/footprint-process', 'check/memory-probe'].map(
  (name) => `./dist/${name}.js`,
);

/** A library of many small modules for what is used of it; other libraries stay where they are installed. */
const INLINED = /^@bufbuild\/protobuf\//;

for (const name of readdirSync('packages')) {
  const directory = join('packages', name);
  await bundle(directory, name === 'octavo' ? PROGRAMS : []);
}

/** @param {string} directory @param {readonly string[]} programs */
async function bundle(directory, programs) {
  const { exports, imports } = JSON.parse(readFileSync(join(directory, 'package.json'), 'utf8'));
  const entries = [...new Set([...modulesIn(exports), ...modulesIn(imports), ...programs])];
  const build = await rolldown({
    input: Object.fromEntries(entries.map((path) => [nameOf(path), join(directory, path)])),
    external: (id) => !/^[./]/.test(id) && !INLINED.test(id),
    platform: 'neutral',
    tsconfig: false,
    plugins: [
      { name: 'source-maps', load: loadWithMap },
      { name: 'licenses', transform: { filter: { id: /node_modules/ }, handler: keepLicense } },
    ],
  });
  const { output } = await build.write({
    dir: join(directory, 'dist'),
    entryFileNames: '[name].js',
    chunkFileNames: 'shared/[name]-[hash].js',
    sourcemap: true,
    comments: { jsdoc: false },
  });
  removeOthers(join(directory, 'dist'), new Set(output.map(({ fileName }) => fileName)));
  console.log(`${directory}: ${output.length} files`);
}

/** The JavaScript files that a map of entries leads to. @param {unknown} entry @returns {string[]} */
function modulesIn(entry) {
  if (typeof entry === 'string') return /^\.\/dist\/.*\.js$/.test(entry) ? [entry] : [];
  return Object.values(entry ?? {}).flatMap(modulesIn);
}

/** @param {string} path */
function nameOf(path) {
  return path.replace(/^\.\/dist\/|\.js$/g, '');
}

/** Code with its map to TypeScript, which the map of the bundle continues. @param {string} id */
function loadWithMap(id) {
  const map = `${id}.map`;
  if (!existsSync(map)) return null;
  return { code: readFileSync(id, 'utf8'), map: readFileSync(map, 'utf8') };
}

/**
 * Marks the comment that a library's file begins with, its license, as one to keep; no line moves.
 * @param {string} code
 */
function keepLicense(code) {
  return { code: code.replace(/^(?:\/\/.*\n)+/, (license) => license.replace(/^\/\//gm, '//!')), map: null };
}

/**
 * Removes the modules that are in bundles now, and what the compiler knows of its last build, for which they would count
 * as written. @param {string} dist @param {ReadonlySet<string>} kept
 */
function removeOthers(dist, kept) {
  for (const path of readdirSync(dist, { recursive: true, encoding: 'utf8' })) {
    const file = path.replaceAll('\\', '/');
    if (/\.js(\.map)?$|\.tsbuildinfo$/.test(file) && !kept.has(file)) rmSync(join(dist, path));
  }
}
