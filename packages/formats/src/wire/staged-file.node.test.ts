import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { StagedFile } from './staged-file.node.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'octavo-staged-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

it.skipIf(process.platform === 'win32')('a pipe or device is not replaced by a file', async () => {
  const pipe = join(folder, 'pipe');
  execFileSync('mkfifo', [pipe]);
  await expect(StagedFile.create(pipe)).rejects.toMatchObject({ code: 'FILE_UNWRITABLE', where: pipe });
  expect(readdirSync(folder)).toEqual(['pipe']);
});

it('refuses bytes when it is closed', async () => {
  const file = await StagedFile.create(join(folder, 'a'));
  await file.close();
  await expect(file.append(Uint8Array.of(1))).rejects.toMatchObject({ code: 'FILE_UNWRITABLE' });
  await file.discard();
  expect(readdirSync(folder)).toEqual([]);
});
