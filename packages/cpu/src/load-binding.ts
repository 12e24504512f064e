import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { isNativeBinding, type NativeBinding } from './binding.js';
import { CpuError } from './cpu-error.js';
import { currentPlatforms } from './platforms.js';

/** The addon, and the file or package that it came from. */
export interface LoadedBinding {
  readonly binding: NativeBinding;
  readonly path: string;
}

/** One attempt at loading: what was tried and why it did not do. */
interface Failure {
  readonly path: string;
  readonly reason: string;
}

const require = createRequire(import.meta.url);
const localBuild = fileURLToPath(new URL('../../../native/build/Release/octavo_cpu.node', import.meta.url));

/**
 * The places that a binding is looked for, in order: the path in the environment variable `OCTAVO_CPU_BINDING` and
 * nothing else where it is set, otherwise the build in this repository and the packages of this platform.
 */
export function bindingCandidates(environment: NodeJS.ProcessEnv = process.env): readonly string[] {
  const override = environment['OCTAVO_CPU_BINDING'];
  if (override !== undefined && override !== '') return [override];
  return [localBuild, ...currentPlatforms().map(({ name }) => `@octavo/cpu-${name}`)];
}

/**
 * Loads the addon from the first candidate that has it in this package's version. Loading again is cheap: Node keeps
 * the module.
 *
 * @throws CpuError `CPU_BINDING_NOT_FOUND` listing what was tried; `CPU_UNKNOWN_ISA` where `OCTAVO_ISA` names features
 *   that do not exist
 */
export function loadBinding(candidates: readonly string[] = bindingCandidates()): LoadedBinding {
  const failures: Failure[] = [];
  for (const path of candidates) {
    const found = loadFrom(path);
    if ('reason' in found) failures.push(found);
    else return withKnownIsa(found);
  }
  throw new CpuError({
    code: 'CPU_BINDING_NOT_FOUND',
    where: '@octavo/cpu',
    message: `no native binding for ${process.platform}-${process.arch}${listed(failures)}`,
    remedy: 'In the repository run npm run build:native; elsewhere name an addon in OCTAVO_CPU_BINDING.',
  });
}

function loadFrom(path: string): LoadedBinding | Failure {
  const expected = ownVersion();
  try {
    const exports: unknown = require(path);
    if (!isNativeBinding(exports)) return { path, reason: 'lacks functions of the binding' };
    const version = exports.version();
    if (version !== expected) return { path, reason: `is version ${version}, expected ${expected}` };
    return { binding: exports, path };
  } catch (error) {
    return { path, reason: firstLine(error) };
  }
}

function withKnownIsa(loaded: LoadedBinding): LoadedBinding {
  const { unknown } = loaded.binding.isa();
  if (unknown === '') return loaded;
  throw new CpuError({
    code: 'CPU_UNKNOWN_ISA',
    where: 'environment variable OCTAVO_ISA',
    message: `no such instruction-set feature: ${unknown}`,
    remedy: 'Unset it, or use names such as scalar, avx2, avx512vnni, dotprod, separated by commas.',
  });
}

function ownVersion(): string {
  const manifest: unknown = require('../package.json');
  const hasVersion = typeof manifest === 'object' && manifest !== null && 'version' in manifest;
  return hasVersion ? String(manifest.version) : 'unknown';
}

function listed(failures: readonly Failure[]): string {
  return (
    failures.map(({ path, reason }) => `\n  - ${path}: ${reason}`).join('') +
    (failures.length > 0 ? '\n' : '')
  );
}

function firstLine(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return message.split('\n', 1)[0] ?? message;
}
