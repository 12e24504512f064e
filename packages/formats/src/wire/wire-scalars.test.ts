import { BinaryReader, BinaryWriter } from '@bufbuild/protobuf/wire';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { WireReader } from './wire-reader.js';
import { WireWriter } from './wire-writer.js';

const LIMITS = [0n, 0x7fn, 0x80n, 2n ** 31n, 2n ** 32n, 2n ** 53n, 2n ** 63n - 1n];
const edges = LIMITS.flatMap((each) => [each - 1n, each, -each, -each - 1n]);
const int64 = fc.oneof(
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  fc.constantFrom(...edges),
  fc.integer().map(BigInt),
);
const asInt = (value: bigint) => (Number.isSafeInteger(Number(value)) ? Number(value) : value);

describe('scalars', () => {
  it('are written as the protobuf library writes them', () => {
    fc.assert(
      fc.property(
        int64,
        fc.float(),
        fc.string({ unit: 'binary' }),
        fc.nat(2 ** 28),
        (int, float, text, tag) => {
          const own = new WireWriter()
            .tag(tag + 1, 5)
            .varint(asInt(int))
            .varint(int)
            .float(float)
            .string(text);
          const peer = new BinaryWriter()
            .tag(tag + 1, 5)
            .int64(int)
            .int64(int)
            .float(float)
            .string(text);
          expect(own.finish()).toEqual(peer.finish());
        },
      ),
    );
  });

  it('are read as the protobuf library reads them', () => {
    fc.assert(
      fc.property(int64, fc.float(), fc.nat(2 ** 28), (int, float, tag) => {
        const bytes = new BinaryWriter()
          .tag(tag + 1, 2)
          .int64(int)
          .uint64(BigInt.asUintN(64, int))
          .float(float)
          .finish();
        const reader = new WireReader(bytes);
        expect(reader.tag()).toBe((tag + 1) * 8 + 2);
        expect(reader.int()).toBe(asInt(int));
        expect(reader.unsigned()).toBe(Number(BigInt.asUintN(64, int)));
        expect(reader.float()).toBe(float);
        expect(reader.position).toBe(bytes.length);
      }),
    );
  });

  it('of any bytes are the integers that the library finds, or none', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 12 }), fc.nat(12), (bytes, longest) => {
        for (let i = 0; i < Math.min(longest, bytes.length); i++) bytes[i] = (bytes[i] ?? 0) | 0x80;
        expect(outcome(() => BigInt(new WireReader(bytes).int()))).toBe(
          outcome(() => BigInt(new BinaryReader(bytes).int64())),
        );
      }),
      { numRuns: 500 },
    );
  });

  it.each([2n ** 63n, -(2n ** 63n) - 1n, 2 ** 63])('of more than 64 bits are refused: %s', (value) => {
    expect(() => new WireWriter().varint(value)).toThrow(RangeError);
  });
});

/** The integer read, or whether the bytes end within it or hold no integer. */
function outcome(read: () => bigint): bigint | 'cut off' | 'broken' {
  try {
    return read();
  } catch (error) {
    return error instanceof RangeError ? 'cut off' : 'broken';
  }
}
