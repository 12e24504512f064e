import { execFileSync } from 'node:child_process';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { describeWithAddon } from '../tests/addon.js';
import { BINDING_FUNCTIONS } from './binding.js';
import { CpuError } from './cpu-error.js';
import { bindingCandidates, loadBinding } from './load-binding.js';
import { currentPlatforms, PLATFORMS } from './platforms.js';
import { probe } from './probe.js';

function failure(candidates: readonly string[]): CpuError {
  try {
    loadBinding(candidates);
  } catch (error) {
    if (error instanceof CpuError) return error;
    throw error;
  }
  throw new Error('loaded');
}

describe('loadBinding', () => {
  it('tries only the override where there is one', () => {
    expect(bindingCandidates({ OCTAVO_CPU_BINDING: '/some/where.node' })).toEqual(['/some/where.node']);
  });

  it('tries the local build before the packages of the platform', () => {
    const [local, ...packages] = bindingCandidates({});
    expect(local).toMatch(/native.build.Release.octavo_cpu\.node$/);
    expect(packages).toEqual(currentPlatforms().map(({ name }) => `@octavo/cpu-${name}`));
    const own = `@octavo/cpu-${process.platform}-${process.arch}`;
    expect(packages.filter((name) => !name.startsWith(own))).toEqual([]);
  });

  it('lists everything that it tried and one remedy', () => {
    const folder = mkdtempSync(join(tmpdir(), 'octavo-'));
    const other = join(folder, 'other.cjs');
    const old = join(folder, 'old.cjs');
    writeFileSync(other, 'module.exports = { version: () => "1" };');
    const names = JSON.stringify(Object.keys(BINDING_FUNCTIONS));
    writeFileSync(old, `for (const name of ${names}) exports[name] = () => '0.0.0-old';`);
    const error = failure(['/nowhere/octavo_cpu.node', other, old]);
    expect(error.code).toBe('CPU_BINDING_NOT_FOUND');
    expect(error.fault).toContain("/nowhere/octavo_cpu.node: Cannot find module '/nowhere/octavo_cpu.node'");
    expect(error.fault).toContain(`${other}: lacks functions of the binding`);
    expect(error.fault).toMatch(/old\.cjs: is version 0\.0\.0-old, expected \d/);
    expect(error.remedy).toContain('npm run build:native');
  });
});

it('names each platform once', () => {
  expect(new Set(PLATFORMS.map(({ name }) => name)).size).toBe(PLATFORMS.length);
});

describeWithAddon('the loaded addon', ({ path }) => {
  const run = (isa: string, script: string) =>
    execFileSync(process.execPath, ['-e', `const addon = require(process.env.ADDON); ${script}`], {
      encoding: 'utf8',
      env: { ...process.env, ADDON: path, OCTAVO_ISA: isa },
    }).trim();

  it('tells the facts about this CPU', () => {
    const facts = probe();
    expect(facts.path).toBe(path);
    expect(facts.detected).toEqual(expect.arrayContaining([...facts.active]));
    expect(facts.gemmKernel).toMatch(/^gemm_[us]8s8s32_/);
  });

  it('runs the scalar kernel where OCTAVO_ISA says so', () => {
    const script =
      'const { active, gemmKernel } = addon.isa(); console.log(JSON.stringify([active, gemmKernel]))';
    expect(JSON.parse(run('scalar', script))).toEqual(['', 'gemm_u8s8s32_scalar']);
  });

  it('reports names in OCTAVO_ISA that are no features', () => {
    expect(run('avx2,axv512', 'console.log(addon.isa().unknown)')).toBe('axv512');
  });
});
