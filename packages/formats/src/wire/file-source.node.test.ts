import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, it, onTestFinished } from 'vitest';
import { FileSource } from './file-source.node.js';

const SIZE = 200_000;
const contents = Uint8Array.from({ length: SIZE }, (_, i) => (i * 2_654_435_761) >>> 24);

function openFile(): FileSource {
  const folder = mkdtempSync(join(tmpdir(), 'octavo-source-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const path = join(folder, 'bytes');
  writeFileSync(path, contents);
  return new FileSource(path);
}

it('reads any range in any order', () => {
  const source = openFile();
  const range = fc.tuple(fc.nat(SIZE), fc.oneof(fc.nat(100), fc.nat(SIZE)));
  fc.assert(
    fc.property(fc.array(range, { minLength: 1, maxLength: 20 }), (ranges) => {
      for (const [offset, wanted] of ranges) {
        const length = Math.min(wanted, SIZE - offset);
        expect(
          Buffer.compare(source.readSync(offset, length), contents.subarray(offset, offset + length)),
        ).toBe(0);
      }
    }),
    { numRuns: 50 },
  );
});

it('keeps what it gave when it reads on', () => {
  const source = openFile();
  const first = source.readSync(10, 100);
  source.readSync(SIZE - 100, 100);
  expect(first).toEqual(contents.subarray(10, 110));
});

it('refuses a range past the end', () => {
  const source = openFile();
  expect(() => source.readSync(SIZE - 1, 2)).toThrow(expect.objectContaining({ code: 'ONNX_TRUNCATED' }));
});
