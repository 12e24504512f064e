import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';

/** Builds the addon where it can be built: fails where it cannot only with `--required`. */
const required = process.argv.includes('--required');
const missing = findMissingTool();

if (missing === undefined) compile();
else if (required) fail(`native: ${missing}; it is required here`);
else console.log(`native: ${missing}: skipped, models will run on the TypeScript reference backend`);

/** @returns {string | undefined} what keeps the native library from being built here */
function findMissingTool() {
  if (!existsSync('native/CMakeLists.txt')) return 'no native sources';
  if (!runs('cmake')) return 'no cmake found';
  const compilers = process.env['CXX'] ? [process.env['CXX']] : ['c++', 'g++', 'clang++'];
  const found = process.platform === 'win32' || compilers.some(runs);
  return found ? undefined : 'no C++ compiler found';
}

/** @param {string} command */
function runs(command) {
  return spawnSync(command, ['--version'], { stdio: 'ignore' }).status === 0;
}

function compile() {
  const cmakeJs = createRequire(import.meta.url).resolve('cmake-js/bin/cmake-js');
  const built = spawnSync(process.execPath, [cmakeJs, 'compile', '--directory', 'native', ...toolset()], {
    encoding: 'utf8',
    maxBuffer: 256 * 1024 * 1024,
  });
  if (built.status !== 0) fail(`${built.stdout}\n${built.stderr}\nnative: the build failed`);
  console.log('native: built');
}

/** Windows builds use clang-cl: the kernels need the vector extensions that it shares with clang and gcc. */
function toolset() {
  return process.platform === 'win32' ? ['--toolset', 'ClangCL'] : [];
}

/** @param {string} message */
function fail(message) {
  console.error(message);
  process.exit(1);
}
