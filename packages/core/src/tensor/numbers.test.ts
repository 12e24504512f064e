import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ALL_DTYPES, DTYPES } from './dtype.js';
import { fromNumbers, toNumbers } from './numbers.js';
import { type PackedDType, pack, unpack } from './packed.js';
import { stringTensor } from './strings.js';
import { zeros } from './tensor.js';

const packed: Record<PackedDType, [number, number]> = {
  int4: [-8, 7],
  uint4: [0, 15],
  int2: [-2, 1],
  uint2: [0, 3],
};
const packedNames = Object.keys(packed) as PackedDType[];

describe('packing', () => {
  it.each(packedNames)('of %s is undone for every length', (dtype) => {
    const [min, max] = packed[dtype];
    fc.assert(
      fc.property(fc.array(fc.integer({ min, max }), { maxLength: 40 }), (values) => {
        const bytes = pack(dtype, values);
        expect(bytes.length).toBe(Math.ceil((values.length * DTYPES[dtype].bits) / 8));
        expect([...unpack(dtype, bytes, values.length)]).toEqual(values);
      }),
    );
  });

  it('puts the first element in the low bits and leaves the rest of the last byte 0', () => {
    expect([...pack('int4', [1, -1, -8])]).toEqual([0xf1, 0x08]);
    expect([...pack('uint2', [1, 2, 3, 0, 3])]).toEqual([0b00111001, 0b11]);
    expect([...pack('int2', [-1, -2])]).toEqual([0b1011]);
  });

  it('gives signed arrays for signed dtypes', () => {
    expect(unpack('int4', Uint8Array.of(0xf0), 2)).toEqual(Int8Array.of(0, -1));
    expect(unpack('uint4', Uint8Array.of(0xf0), 2)).toEqual(Uint8Array.of(0, 15));
  });
});

describe('toNumbers and fromNumbers', () => {
  const numeric = ALL_DTYPES.filter((dtype) => !['string', 'opaque'].includes(DTYPES[dtype].kind));

  it.each(numeric)('keep small integers in %s', (dtype) => {
    const values = dtype === 'bool' ? [0, 1, 1] : dtype.startsWith('u') ? [0, 1, 3] : [0, 1, -1];
    expect([...toNumbers(fromNumbers(dtype, [3], values))]).toEqual(values);
  });

  it('give the tensor’s own array where its slots are numbers', () => {
    for (const dtype of ['float32', 'float64', 'int8', 'uint16', 'int32', 'bool'] as const) {
      const tensor = zeros(dtype, [2]);
      expect(toNumbers(tensor)).toBe(tensor.data);
    }
  });

  it('round floats to nearest even', () => {
    expect(toNumbers(fromNumbers('float16', [2], [2049, 2051]))).toEqual(Float32Array.of(2048, 2052));
    expect(toNumbers(fromNumbers('bfloat16', [2], [257, 259]))).toEqual(Float32Array.of(256, 260));
    expect(toNumbers(fromNumbers('float32', [1], [0.1]))).toEqual(Float32Array.of(0.1));
  });

  it('truncate and wrap floats for integers, and test bool for zero', () => {
    expect([...toNumbers(fromNumbers('int8', [3], [-1.9, 127.5, 128]))]).toEqual([-1, 127, -128]);
    expect([...toNumbers(fromNumbers('int64', [3], [-1.9, 2 ** 53, Number.NaN]))]).toEqual([-1, 2 ** 53, 0]);
    expect([...toNumbers(fromNumbers('bool', [3], [0, 0.1, -5]))]).toEqual([0, 1, 1]);
  });

  it('refuse strings, opaque dtypes and a wrong number of values', () => {
    const refusal = expect.objectContaining({ code: 'TENSOR_DTYPE' });
    expect(() => toNumbers(stringTensor(['1']))).toThrow(refusal);
    expect(() => toNumbers(zeros('complex64', [1]))).toThrow(refusal);
    expect(() => fromNumbers('string', [1], [1])).toThrow(refusal);
    expect(() => fromNumbers('float8e5m2', [1], [1])).toThrow(refusal);
    expect(() => fromNumbers('int8', [2], [1])).toThrow(expect.objectContaining({ code: 'TENSOR_DATA' }));
  });
});
