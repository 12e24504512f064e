import fc from 'fast-check';
import { expect, it } from 'vitest';
import { describeWithAddon } from '../tests/addon.js';
import { at, roundToEven } from '../tests/oracle.js';
import { dequantize, type QuantizedArray, quantize, quantizeRows } from './quantize.js';

interface QuantizedType {
  readonly min: number;
  readonly max: number;
  readonly make: (length: number) => QuantizedArray;
}

const TYPES: readonly QuantizedType[] = [
  { min: -128, max: 127, make: (length) => new Int8Array(length) },
  { min: 0, max: 255, make: (length) => new Uint8Array(length) },
  { min: -32768, max: 32767, make: (length) => new Int16Array(length) },
  { min: 0, max: 65535, make: (length) => new Uint16Array(length) },
];

const value = fc.oneof(
  fc.float({ min: -1000, max: 1000, noNaN: true }),
  fc.constantFrom(
    0,
    -0,
    0.5,
    -0.5,
    1.5,
    2.5,
    3e38,
    -3e38,
    Number.POSITIVE_INFINITY,
    Number.NEGATIVE_INFINITY,
  ),
);

const tensors = fc
  .record({
    type: fc.constantFrom(...TYPES),
    outer: fc.integer({ min: 0, max: 5 }),
    channels: fc.integer({ min: 1, max: 9 }),
    inner: fc.integer({ min: 1, max: 40 }),
  })
  .chain(({ type, outer, channels, inner }) => {
    const count = outer * channels * inner;
    const each = { minLength: channels, maxLength: channels };
    return fc.record({
      type: fc.constant(type),
      inner: fc.constant(inner),
      x: fc.array(value, { minLength: count, maxLength: count }).map((values) => Float32Array.from(values)),
      scales: fc
        .array(
          fc.oneof(
            fc.constantFrom(0.5, 1, 2 ** -10),
            fc.float({ min: Math.fround(1e-3), max: 9, noNaN: true }),
          ),
          each,
        )
        .map((values) => Float32Array.from(values)),
      zeroPoints: fc
        .array(fc.integer({ min: type.min, max: type.max }), each)
        .map((values) => Int32Array.from(values)),
    });
  });

describeWithAddon('quantize', () => {
  it('has the bits of the definition for every type and channel, and so has dequantize', () => {
    fc.assert(
      fc.property(tensors, ({ type, inner, x, scales, zeroPoints }) => {
        const by = { scales, zeroPoints, inner };
        const q = quantize(x, by, type.make(x.length));
        const back = dequantize(q, by);
        const channelOf = (i: number) => Math.floor(i / inner) % scales.length;
        x.forEach((number, i) => {
          const [scale, zeroPoint] = [at(scales, channelOf(i)), at(zeroPoints, channelOf(i))];
          const rounded = roundToEven(Math.fround(number / scale)) + zeroPoint;
          expect(q[i]).toBe(Math.min(Math.max(rounded, type.min), type.max));
          expect(back[i]).toBe(Math.fround((at(q, i) - zeroPoint) * scale));
        });
      }),
      { numRuns: 150 },
    );
  });

  it('takes one scale and zero point for a whole tensor', () => {
    const x = Float32Array.of(-1, 0.25, 0.75, 2, Number.NaN);
    const q = quantize(x, { scales: 0.5, zeroPoints: 1 }, new Uint8Array(5));
    expect([...q]).toEqual([0, 1, 3, 5, 0]);
    expect([...dequantize(q, { scales: 0.5, zeroPoints: 1 })]).toEqual([-0.5, 0, 1, 2, -0.5]);
    expect(dequantize(Int32Array.of(3, -4), { scales: 0.25 })).toEqual(Float32Array.of(0.75, -1));
    expect(quantize(new Float32Array(0), { scales: 1 }, new Int8Array(0))).toHaveLength(0);
  });

  it('refuses what does not fit together', () => {
    const x = new Float32Array(6);
    const scales = new Float32Array(4).fill(1);
    expect(() => quantize(x, { scales }, new Int8Array(6))).toThrowError(/6 elements are not a whole number/);
    expect(() => quantize(x, { scales: 1 }, new Int8Array(5))).toThrowError(/out: expected at least 6/);
    expect(() => quantize(x, { scales: 0 }, new Int8Array(6))).toThrowError(/above 0/);
    expect(() => quantize(x, { scales: 1, zeroPoints: 128 }, new Int8Array(6))).toThrowError(/zero_points/);
    const shared = new ArrayBuffer(24);
    expect(() =>
      dequantize(new Uint8Array(shared, 0, 6), { scales: 1 }, new Float32Array(shared)),
    ).toThrowError(/apart from in/);
  });

  it('quantizes rows by their own ranges', () => {
    const { values, scales, zeroPoints } = quantizeRows(
      Float32Array.of(0, 510, 102, -51, 204, 0, 0, 0, 0),
      3,
      3,
    );
    expect([...values]).toEqual([0, 255, 51, 0, 255, 51, 0, 0, 0]);
    expect([...scales]).toEqual([2, 1, 1]);
    expect([...zeroPoints]).toEqual([0, 51, 0]);
    expect(() => quantizeRows(new Float32Array(5), 2, 3)).toThrowError(/in: expected at least 6/);
    expect(() => quantizeRows(new Float32Array(6), -1, 3)).toThrowError(/rows: expected a whole number/);
  });
});
