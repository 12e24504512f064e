import {
  decodeStrings,
  float32,
  fromNumbers,
  int64,
  stringTensor,
  Tensor,
  toNumbers,
} from '@octavo/core/tensor';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { castTensor } from './cast-tensor.js';
import { decodeTable, encoder, type SmallFloat } from './small-floats.js';

const options = { saturate: true, rounding: 'up' } as const;
const small: readonly SmallFloat[] = [
  'float8e4m3fn',
  'float8e4m3fnuz',
  'float8e5m2',
  'float8e5m2fnuz',
  'float8e8m0',
  'float4e2m1',
];

function text(tensor: Tensor): string[] {
  const decoder = new TextDecoder();
  return (tensor.is('string') ? decodeStrings(tensor.data) : []).map((bytes) => decoder.decode(bytes));
}

describe('casts', () => {
  it('round integers beyond 53 bits once', () => {
    const tie = 2n ** 60n + 2n ** 36n;
    const wide = new Tensor('int64', [4], BigInt64Array.of(tie + 1n, tie, -tie - 1n, 2n ** 53n + 1n));
    const floats = [2 ** 60 + 2 ** 37, 2 ** 60, -(2 ** 60) - 2 ** 37, 2 ** 53];
    expect([...toNumbers(castTensor(wide, 'float32', options))]).toEqual(floats);
  });

  it('give infinity beyond the range of fp16', () => {
    const cast = castTensor(float32([65519, 65520, -1e9]), 'float16', options);
    expect([...toNumbers(cast)]).toEqual([65504, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]);
  });

  it('call everything but zero true, NaN included', () => {
    const cast = castTensor(float32([0, -0, Number.NaN, 0.1]), 'bool', options);
    expect([...toNumbers(cast)]).toEqual([0, 0, 1, 1]);
  });

  it('keep the low bits of integers', () => {
    const wide = new Tensor('int64', [2], BigInt64Array.of(2n ** 40n + 200n, -1n));
    expect([...toNumbers(castTensor(wide, 'int8', options))]).toEqual([-56, -1]);
    expect([...toNumbers(castTensor(wide, 'uint32', options))]).toEqual([200, 2 ** 32 - 1]);
    expect([...toNumbers(castTensor(fromNumbers('int16', [1], [-3]), 'uint4', options))]).toEqual([13]);
  });

  it('widen int64 to uint64 and back without loss', () => {
    const value = new Tensor('int64', [1], BigInt64Array.of(-(2n ** 62n) - 1n));
    const there = castTensor(value, 'uint64', options);
    expect(castTensor(there, 'int64', options).data).toEqual(value.data);
  });

  it('print float32 with the fewest digits that read back', () => {
    const values = float32([0.1, -2, -0, 1e20, Number.NaN, Number.NEGATIVE_INFINITY]);
    expect(text(castTensor(values, 'string', options))).toEqual([
      '0.1',
      '-2',
      '-0',
      '100000000000000000000',
      'NaN',
      '-INF',
    ]);
    fc.assert(
      fc.property(fc.float({ noNaN: true }), (x) => {
        const printed = castTensor(float32([x]), 'string', options);
        expect(toNumbers(castTensor(printed, 'float32', options))[0]).toBe(x);
      }),
    );
  });

  it('read numbers from text and refuse other words', () => {
    const words = stringTensor(['1e3', ' -2.5 ', '+INF', 'nan']);
    const read = [...toNumbers(castTensor(words, 'float32', options))];
    expect(read).toEqual([1000, -2.5, Number.POSITIVE_INFINITY, Number.NaN]);
    expect(castTensor(stringTensor(['9007199254740993']), 'int64', options).data).toEqual(
      int64([9007199254740993n]).data,
    );
    expect(() => castTensor(stringTensor(['ten']), 'float32', options)).toThrow(/"ten" is no number/);
  });
});

describe('floats of 8 bits and less', () => {
  it.each(small)('encode every number of %s to its own code', (dtype) => {
    const encode = encoder(dtype, options);
    decodeTable(dtype).forEach((value, code) => {
      if (Number.isFinite(value)) expect(encode(value)).toBe(code);
    });
  });

  it.each(small.filter((dtype) => dtype !== 'float8e8m0'))('round to the nearest number of %s', (dtype) => {
    const table = decodeTable(dtype);
    const finite = table.filter(Number.isFinite);
    const encode = encoder(dtype, options);
    fc.assert(
      fc.property(fc.double({ min: -500, max: 500, noNaN: true }), (x) => {
        const distance = Math.abs((table[encode(x)] ?? Number.NaN) - x);
        expect(distance).toBe(Math.min(...Array.from(finite, (each) => Math.abs(each - x))));
      }),
    );
  });
});
