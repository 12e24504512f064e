import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
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

it.skipIf(process.platform === 'win32')('a pipe or device is not replaced by a file', () => {
  const pipe = join(folder, 'pipe');
  execFileSync('mkfifo', [pipe]);
  expect(() => StagedFile.create(pipe)).toThrow(
    expect.objectContaining({ code: 'FILE_UNWRITABLE', where: pipe }),
  );
  expect(readdirSync(folder)).toEqual(['pipe']);
});

it('refuses bytes when it is closed', async () => {
  const file = StagedFile.create(join(folder, 'a'));
  file.close();
  await expect(file.append(Uint8Array.of(1))).rejects.toMatchObject({ code: 'FILE_UNWRITABLE' });
  file.discard();
  expect(readdirSync(folder)).toEqual([]);
});

it('lets the event loop turn while it writes much', async () => {
  const file = StagedFile.create(join(folder, 'a'));
  let turned = false;
  setImmediate(() => {
    turned = true;
  });
  await file.append(new Uint8Array(2 ** 20));
  expect(turned).toBe(false);
  for (let i = 0; i < 5; i++) await file.append(new Uint8Array(3 * 2 ** 20));
  expect(turned).toBe(true);
  file.close();
  file.commit();
  expect(statSync(join(folder, 'a')).size).toBe(16 * 2 ** 20);
});
