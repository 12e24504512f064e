import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, it, onTestFinished } from 'vitest';
import { FileSource } from './file-source.node.js';

/** One is read whole, the other in blocks. */
const SIZES = [200_000, 4_300_000];
const bytes = Uint8Array.from({ length: Math.max(...SIZES) }, (_, i) => (i * 2_654_435_761) >>> 24);

function openFile(contents: Uint8Array): FileSource {
  const folder = mkdtempSync(join(tmpdir(), 'octavo-source-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const path = join(folder, 'bytes');
  writeFileSync(path, contents);
  return new FileSource(path);
}

it.each(SIZES)('reads any range of %i bytes in any order', async (size) => {
  const contents = bytes.subarray(0, size);
  const source = openFile(contents);
  const range = fc.tuple(fc.nat(size), fc.oneof(fc.nat(100), fc.nat(size)));
  await fc.assert(
    fc.asyncProperty(fc.array(range, { minLength: 1, maxLength: 20 }), async (ranges) => {
      for (const [offset, wanted] of ranges) {
        const length = Math.min(wanted, size - offset);
        const expected = contents.subarray(offset, offset + length);
        expect(Buffer.compare(source.readSync(offset, length), expected)).toBe(0);
        expect(Buffer.compare(await source.read(offset, length), expected)).toBe(0);
      }
    }),
    { numRuns: 50 },
  );
});

it.each(SIZES)('keeps what it gave of %i bytes when it reads on', (size) => {
  const source = openFile(bytes.subarray(0, size));
  const first = source.readSync(10, 100);
  source.readSync(size - 100, 100);
  expect(first).toEqual(bytes.subarray(10, 110));
});

it.each(SIZES)('refuses a range past the end of %i bytes', (size) => {
  const source = openFile(bytes.subarray(0, size));
  expect(() => source.readSync(size - 1, 2)).toThrow(expect.objectContaining({ code: 'ONNX_TRUNCATED' }));
});
