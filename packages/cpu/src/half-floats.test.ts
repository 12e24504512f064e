import {
  bfloat16ToFloat32,
  float16ToFloat32,
  float32ToBfloat16,
  float32ToFloat16,
} from '@octavo/core/tensor';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { describeWithAddon } from '../tests/addon.js';
import { fromHalf, toHalf } from './half-floats.js';
import { packNibbles, unpackNibbles } from './nibbles.js';

const floats = fc.float32Array({ noNaN: true, maxLength: 70 });

describeWithAddon('16-bit floats', () => {
  it('are what @octavo/core converts to and from', () => {
    fc.assert(
      fc.property(floats, (x) => {
        const half = toHalf(x, 'float16');
        const bfloat = toHalf(x, 'bfloat16');
        expect([...half]).toEqual([...x].map(float32ToFloat16));
        expect([...bfloat]).toEqual([...x].map(float32ToBfloat16));
        expect(fromHalf(half, 'float16')).toEqual(Float32Array.from(half, float16ToFloat32));
        expect(fromHalf(bfloat, 'bfloat16')).toEqual(Float32Array.from(bfloat, bfloat16ToFloat32));
      }),
    );
  });

  it('keep NaN', () => {
    const nan = Float32Array.of(Number.NaN);
    expect(fromHalf(toHalf(nan, 'float16'), 'float16')).toEqual(nan);
    expect(fromHalf(toHalf(nan, 'bfloat16'), 'bfloat16')).toEqual(nan);
  });
});

describeWithAddon('4-bit numbers', () => {
  it('come back with or without their sign', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: -8, max: 7 }), { maxLength: 70 }), (numbers) => {
        const packed = packNibbles(Int8Array.from(numbers));
        expect(packed).toHaveLength(Math.ceil(numbers.length / 2));
        expect([...unpackNibbles(packed, new Int8Array(numbers.length))]).toEqual(numbers);
        const unsigned = numbers.map((number) => number & 15);
        expect([...unpackNibbles(packed, new Uint8Array(numbers.length))]).toEqual(unsigned);
      }),
    );
    expect(packNibbles(Uint8Array.of(1, 2, 0xff))).toEqual(Uint8Array.of(0x21, 0x0f));
    expect(() => unpackNibbles(new Uint8Array(2), new Int8Array(5))).toThrowError(/in: expected 3/);
  });
});
