import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { float32, fromNumbers, Tensor, toNumbers } from '../tensor/index.js';
import { dequantize } from './dequantize.js';
import { quantize, quantizeNumbers } from './quantize.js';
import { type Granularity, PER_TENSOR, type QuantizedType, type StorageDType } from './quantized-type.js';

function typeOf(
  storage: StorageDType,
  scales: number[],
  zeroPoints: number[] = scales.map(() => 0),
  granularity: Granularity = PER_TENSOR,
): QuantizedType {
  return {
    storage,
    expressed: 'float32',
    granularity,
    symmetric: false,
    scales: Float32Array.from(scales),
    zeroPoints: Int32Array.from(zeroPoints),
  };
}

const integersOf = (tensor: Tensor) => [...toNumbers(tensor)];

describe('quantize', () => {
  it('rounds ties to even before it adds the zero point', () => {
    const x = float32([0.5, 1.5, 2.5, -0.5, -1.5]);
    expect(integersOf(quantize(x, typeOf('uint8', [1], [3])))).toEqual([3, 5, 5, 3, 1]);
  });

  it('saturates, and gives NaN the smallest integer', () => {
    const x = float32([1e30, -1e30, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, Number.NaN]);
    expect(integersOf(quantize(x, typeOf('int8', [1])))).toEqual([127, -128, 127, -128, -128]);
    expect(integersOf(quantize(x, typeOf('uint8', [1], [7])))).toEqual([255, 0, 255, 0, 0]);
    expect(integersOf(quantize(x, typeOf('int4', [1])))).toEqual([7, -8, 7, -8, -8]);
  });

  it('divides in float32 instead of multiplying by the reciprocal', () => {
    const scale = Math.fround(0.1);
    const x = float32([Math.fround(scale * 2.5), Math.fround(scale * 3.5)]);
    const expected = [...x.data].map((v) => {
      const q = Math.fround(v / scale);
      return q % 1 === 0.5 ? 2 * Math.round(q / 2) : Math.round(q);
    });
    expect(integersOf(quantize(x, typeOf('int8', [0.1])))).toEqual(expected);
  });

  it('packs int4 and int2 with the first element in the low bits', () => {
    const x = float32([1, -1, 5, -8, 7]);
    const int4 = quantize(x, typeOf('int4', [1]));
    expect([...int4.data]).toEqual([0xf1, 0x85, 0x07]);
    expect(integersOf(quantize(x, typeOf('uint2', [1], [1])))).toEqual([2, 0, 3, 0, 3]);
  });

  it('uses one scale for each index of the axis', () => {
    const x = float32([1, 2, 3, 4, 5, 6], [2, 3]);
    const rows = typeOf('int8', [1, 0.5], [0, 1], { kind: 'per-axis', axis: 0 });
    const columns = typeOf('int8', [1, 0.5, 0.25], [0, 0, 1], { kind: 'per-axis', axis: -1 });
    expect(integersOf(quantize(x, rows))).toEqual([1, 2, 3, 9, 11, 13]);
    expect(integersOf(quantize(x, columns))).toEqual([1, 4, 13, 4, 10, 25]);
  });

  it('uses one scale for each block, the last block being short', () => {
    const x = float32([1, 1, 1, 1, 1, 2, 2, 2, 2, 2], [2, 5]);
    const blocks = typeOf('int8', [1, 0.5, 0.25, 0.2, 0.1, 2], [0, 0, 0, 0, 0, 1], {
      kind: 'per-block',
      axis: 1,
      blockSize: 2,
    });
    expect(integersOf(quantize(x, blocks))).toEqual([1, 1, 2, 2, 4, 10, 10, 20, 20, 2]);
    const down = typeOf('int8', [1, 0.5, 0.25, 0.2, 0.1, 1], undefined, {
      kind: 'per-block',
      axis: 0,
      blockSize: 2,
    });
    const columns = float32([1, 1, 1, 1, 1, 1], [3, 2]);
    const scales = { ...down, scales: down.scales.slice(0, 4), zeroPoints: down.zeroPoints.slice(0, 4) };
    expect(integersOf(quantize(columns, scales))).toEqual([1, 2, 1, 2, 4, 5]);
  });

  it('widens float16 and bfloat16 values exactly', () => {
    const values = [0.5, -1.25, 3];
    for (const dtype of ['float16', 'bfloat16', 'float64'] as const) {
      const x = fromNumbers(dtype, [3], values);
      expect(integersOf(quantize(x, typeOf('int8', [0.25])))).toEqual([2, -5, 12]);
    }
  });

  it('accepts the negative and zero scales that real files hold', () => {
    expect(integersOf(quantize(float32([1, -1, 0]), typeOf('int8', [-0.5])))).toEqual([-2, 2, 0]);
    expect(integersOf(quantize(float32([1, -1, 0]), typeOf('int8', [0])))).toEqual([127, -128, -128]);
  });

  it.each([
    ['QUANT_SCALE', typeOf('int8', [Number.NaN])],
    ['QUANT_SCALE', typeOf('int8', [Number.POSITIVE_INFINITY])],
    ['QUANT_PARAMS_LENGTH', typeOf('int8', [1, 1])],
    ['QUANT_PARAMS_LENGTH', typeOf('int8', [1], [0, 0])],
    ['QUANT_PARAMS_LENGTH', typeOf('int8', [1], [0], { kind: 'per-axis', axis: 0 })],
    ['QUANT_BLOCK_SIZE', typeOf('int8', [1], [0], { kind: 'per-block', axis: 0, blockSize: 0 })],
    ['TENSOR_AXIS', typeOf('int8', [1], [0], { kind: 'per-axis', axis: 1 })],
  ])('refuses parameters that do not fit with %s', (code, type) => {
    expect(() => quantize(float32([1, 2]), type)).toThrow(expect.objectContaining({ code }));
    expect(() => dequantize(new Tensor('int8', [2], Int8Array.of(1, 2)), type)).toThrow(
      expect.objectContaining({ code }),
    );
  });

  it('refuses values that do not fill the shape', () => {
    expect(() => quantizeNumbers(Float32Array.of(1), [2], typeOf('int8', [1]))).toThrow(
      expect.objectContaining({ code: 'QUANT_LENGTH' }),
    );
  });
});

describe('dequantize', () => {
  it('subtracts the zero point and multiplies by the scale in float32', () => {
    const q = new Tensor('uint8', [3], Uint8Array.of(0, 128, 255));
    const scale = Math.fround(0.1);
    expect([...toNumbers(dequantize(q, typeOf('uint8', [0.1], [128])))]).toEqual([
      Math.fround(-128 * scale),
      0,
      Math.fround(127 * scale),
    ]);
  });

  it('rounds large int32 differences to float32 before it multiplies', () => {
    const q = new Tensor('int32', [1], Int32Array.of(2 ** 24 + 1));
    expect([...toNumbers(dequantize(q, typeOf('int32', [3])))]).toEqual([2 ** 24 * 3]);
  });

  it('rounds to the expressed dtype', () => {
    const q = new Tensor('int8', [1], Int8Array.of(3));
    const type: QuantizedType = { ...typeOf('int8', [0.1]), expressed: 'float16' };
    const x = dequantize(q, type);
    expect(x.dtype).toBe('float16');
    expect(toNumbers(x)[0]).toBe(0.300048828125);
  });

  it('refuses a tensor of another dtype than the storage', () => {
    const q = new Tensor('uint8', [1], Uint8Array.of(3));
    expect(() => dequantize(q, typeOf('int8', [1]))).toThrow(
      expect.objectContaining({ code: 'QUANT_DTYPE' }),
    );
  });

  it('is undone by quantize for every integer of every storage type', () => {
    const ranges: Record<string, [number, number]> = {
      int8: [-128, 127],
      uint8: [0, 255],
      int16: [-32768, 32767],
      uint16: [0, 65535],
      int4: [-8, 7],
      uint4: [0, 15],
      int2: [-2, 1],
      uint2: [0, 3],
    };
    for (const [name, [low, high]] of Object.entries(ranges)) {
      const storage = name as StorageDType;
      const all = Array.from({ length: high - low + 1 }, (_, i) => low + i);
      const q = fromNumbers(storage, [all.length], all);
      const type = typeOf(storage, [0.0371], [Math.round((low + high) / 3)]);
      expect(integersOf(quantize(dequantize(q, type), type))).toEqual(all);
    }
  });

  it('stays within half a step of the value for values inside the range', () => {
    fc.assert(
      fc.property(fc.array(fc.float({ min: -10, max: 10, noNaN: true }), { minLength: 1 }), (values) => {
        const type = typeOf('uint8', [20 / 255], [128]);
        const x = float32(values);
        const back = toNumbers(dequantize(quantize(x, type), type));
        x.data.forEach((value, i) => {
          if (value > 9.9) return;
          expect(Math.abs(value - (back[i] ?? 0))).toBeLessThanOrEqual((10 / 255) * (1 + 1e-5));
        });
      }),
    );
  });
});
