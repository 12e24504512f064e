import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, it, onTestFinished } from 'vitest';
import { FileSource } from './file-source.node.js';

/** One is read whole, the other in blocks. */
const SIZES = [200_000, 1_100_000];
const WHOLE_BYTES = 2 ** 20;
const bytes = Uint8Array.from({ length: Math.max(...SIZES) }, (_, i) => (i * 2_654_435_761) >>> 24);

function openFile(contents: Uint8Array): FileSource {
  const folder = mkdtempSync(join(tmpdir(), 'octavo-source-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const path = join(folder, 'bytes');
  writeFileSync(path, contents);
  return new FileSource(path, path, WHOLE_BYTES);
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

it('keeps no more of a file that it does not read whole than a block', async () => {
  const source = openFile(bytes);
  const read = await source.read(0, 600_000);
  expect(read.buffer.byteLength).toBe(600_000);
  expect(source.readSync(0, 600_000).buffer).not.toBe(source.readSync(0, 600_000).buffer);
  expect(source.readSync(0, 100).buffer.byteLength).toBeLessThan(100_000);
});
