import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { reportProblems } from './report-problems.mjs';

/**
 * Runs what would be published (after `npm run bundle`): unpacks the tarballs outside the workspace, where each package
 * finds only the dependencies that it declares, imports every entry of each, and runs the command line on a model.
 */

/** @typedef {{ name: string, exports: Record<string, unknown>, dependencies?: Record<string, string>, peerDependencies?: Record<string, string>, peerDependenciesMeta?: Record<string, { optional?: boolean }> }} Manifest */

const MODEL = resolve('examples/property-valuation/model/valuation.onnx');
const ADDON = resolve('native/build/Release/octavo_cpu.node');

const folder = mkdtempSync(join(tmpdir(), 'octavo-installed-'));
const installed = join(folder, 'installed');
const application = join(folder, 'application');
try {
  const directories = readdirSync('packages');
  const manifests = directories.map(unpack);
  for (const [index, manifest] of manifests.entries())
    linkDependencies(manifest, join('packages', directories[index] ?? ''));
  for (const { name } of manifests) link(join(installed, name), join(application, 'node_modules', name));
  reportProblems(`${manifests.length} installed packages`, [
    ...manifests.flatMap(importEntries),
    ...runCommands(),
  ]);
} finally {
  rmSync(folder, { recursive: true, force: true });
}

/** @param {string} directory in packages/ @returns {Manifest} */
function unpack(directory) {
  const packed = run('npm', ['pack', '--json', '--pack-destination', folder, `./packages/${directory}`]);
  const [{ name, filename }] = JSON.parse(packed.stdout);
  const target = join(installed, name);
  mkdirSync(target, { recursive: true });
  run('tar', ['-xzf', join(folder, filename), '-C', target, '--strip-components=1']);
  return JSON.parse(readFileSync(join(target, 'package.json'), 'utf8'));
}

/** @param {Manifest} manifest @param {string} directory */
function linkDependencies({ name, dependencies, peerDependencies, peerDependenciesMeta }, directory) {
  for (const dependency of Object.keys({ ...dependencies, ...peerDependencies })) {
    const places = [installed, join(directory, 'node_modules'), 'node_modules'];
    const source = places.map((place) => resolve(place, dependency)).find(existsSync);
    if (!source && !peerDependenciesMeta?.[dependency]?.optional)
      throw new Error(`${name}: ${dependency} is not installed`);
    if (source) link(source, join(installed, name, 'node_modules', dependency));
  }
}

/** @param {string} source @param {string} path */
function link(source, path) {
  mkdirSync(dirname(path), { recursive: true });
  symlinkSync(source, path, 'junction');
}

/** @param {Manifest} manifest @returns {string[]} */
function importEntries({ name, exports }) {
  const entries = Object.keys(exports).map((path) => name + path.slice(1));
  return entries.flatMap((entry) => {
    const options = entry.endsWith('.json') ? ", { with: { type: 'json' } }" : '';
    const code = `const found = await import('${entry}'${options}); if (Object.keys(found).length === 0) throw new Error('it exports nothing');`;
    const imported = attempt(process.execPath, ['--input-type=module', '--eval', code]);
    return imported.status === 0 ? [] : [`import ${entry}:\n${imported.stderr}`];
  });
}

/** @returns {string[]} */
function runCommands() {
  const { version } = JSON.parse(readFileSync('packages/octavo/package.json', 'utf8'));
  const bench = ['bench', 'model', 'dynamic.onnx', '--threads', '1', '--seconds', '1', '--json'];
  return [
    ...runOctavo(['--version'], (stdout) => stdout.trim() === version),
    ...runOctavo(['quantize', MODEL, '-o', 'dynamic.onnx', '--mode', 'dynamic', '--json'], (stdout) =>
      JSON.parse(stdout).decisions.some((/** @type {{ quantized: boolean }} */ each) => each.quantized),
    ),
    // Its footprint is measured by programs that it starts by their path.
    ...runOctavo(bench, (stdout) => JSON.parse(stdout).footprint !== null),
  ];
}

/** @param {readonly string[]} args @param {(stdout: string) => boolean} isRight @returns {string[]} */
function runOctavo(args, isRight) {
  const ran = attempt(process.execPath, [join(application, 'node_modules/octavo/bin/octavo.js'), ...args]);
  const problem = `octavo ${args.join(' ')}:\n${ran.stdout}${ran.stderr}`;
  return ran.status === 0 && isRight(ran.stdout) ? [] : [problem];
}

/** In the application's folder. @param {string} command @param {readonly string[]} args */
function attempt(command, args) {
  const addon = existsSync(ADDON) ? { OCTAVO_CPU_BINDING: ADDON } : {};
  return spawnSync(command, args, { encoding: 'utf8', cwd: application, env: { ...process.env, ...addon } });
}

/** @param {string} command @param {readonly string[]} args */
function run(command, args) {
  const ran = spawnSync(command, args, { encoding: 'utf8', shell: process.platform === 'win32' });
  if (ran.status !== 0) throw new Error(`${command} ${args.join(' ')}:\n${ran.stderr}`);
  return ran;
}
