import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { countFloat32, float32Range } from './float32-scan.js';
import { Histogram } from './histogram.js';

const finite = fc.oneof(
  fc.constantFrom(0, -0, 2 ** -149, -(2 ** -149), 3.4028234663852886e38, -3.4028234663852886e38, 2, -2),
  fc.float({ noNaN: true, noDefaultInfinity: true }),
);
/** Off the start of their buffer, as views of a larger one are. */
const shifted = (list: readonly number[]): Float32Array =>
  Float32Array.from([9e9, ...list, 9e9]).subarray(1, -1);

describe('float32Range', () => {
  it('is the range of the numbers', () => {
    fc.assert(
      fc.property(fc.array(finite, { minLength: 1 }), (list) => {
        const values = shifted(list);
        expect(float32Range(values)).toEqual({ min: Math.min(...values) + 0, max: Math.max(...values) + 0 });
      }),
    );
  });

  it('has no range with anything that is not finite', () => {
    const bad = [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY].map((x) =>
      Float32Array.of(x),
    );
    // NaNs of both signs and with other payloads.
    for (const bits of [0xffc00000, 0x7f800001, 0xff800001, 0x7fffffff, 0xffffffff])
      bad.push(new Float32Array(Uint32Array.of(bits).buffer));
    for (const each of bad) {
      expect(float32Range(each)).toBeUndefined();
      const among = new Float32Array(Uint32Array.of(0x3f800000, 0, 0xff7fffff, 0x7f7fffff).buffer);
      expect(float32Range(among)).toBeDefined();
      new Uint32Array(among.buffer)[1] = new Uint32Array(each.buffer)[0] ?? 0;
      expect(float32Range(among)).toBeUndefined();
    }
  });
});

describe('countFloat32', () => {
  it('counts each number in the bin that holds it, and the zeros', () => {
    const inRange = fc.oneof(
      fc.constantFrom(0, -0, 2 ** -149, -(2 ** -149)),
      fc.float({ min: -8, max: 7, noNaN: true }),
    );
    fc.assert(
      fc.property(fc.array(inRange), (list) => {
        const values = shifted(list);
        const expected = new Int32Array(64);
        for (const value of values) {
          if (value === 0) continue;
          const bin = Math.floor(value * 4) + 32;
          expected[bin] = (expected[bin] ?? 0) + 1;
        }
        const found = countFloat32(values, { exponent: -2, low: -32, size: 64 });
        expect(found).toEqual({ counts: expected, zeros: list.filter((value) => value === 0).length });
      }),
    );
  });

  it('gives long arrays the histogram that their parts have', () => {
    const long = Float32Array.from({ length: 20_001 }, (_, i) =>
      i % 3 === 0 ? 0 : Math.sin(i) * 2 ** (i % 9),
    );
    const [whole, parts] = [new Histogram(), new Histogram()];
    whole.add(long);
    for (let at = 0; at < long.length; at += 1000) parts.add(long.subarray(at, at + 1000));
    expect(whole.state).toEqual(parts.state);
  });
});
