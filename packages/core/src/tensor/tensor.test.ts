import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ALL_DTYPES, byteLengthOf, DTYPES, dtypeFromOnnx, isDType, isPacked } from './dtype.js';
import { OctavoError, TensorError } from './error.js';
import { broadcastShapes, elementCount, normalizeAxis, sameShape, stridesOf } from './shape.js';
import { allocate, float32, int64, Tensor, tensorFromBytes, zeros } from './tensor.js';

const code = (name: string) => expect.objectContaining({ code: name });

describe('dtypes', () => {
  it('are found by their ONNX codes, each once', () => {
    expect(ALL_DTYPES.map((dtype) => dtypeFromOnnx(DTYPES[dtype].onnx))).toEqual(ALL_DTYPES);
    expect(dtypeFromOnnx(0)).toBeUndefined();
    expect(dtypeFromOnnx(99)).toBeUndefined();
  });

  it('are known by name, inherited names left out', () => {
    expect(isDType('int4')).toBe(true);
    expect(isDType('toString')).toBe(false);
  });

  it('count a last partial byte whole', () => {
    expect([0, 1, 2, 3].map((count) => byteLengthOf('int4', count))).toEqual([0, 1, 1, 2]);
    expect([1, 4, 5].map((count) => byteLengthOf('uint2', count))).toEqual([1, 1, 2]);
    expect(byteLengthOf('complex128', 2)).toBe(32);
  });

  it('share bytes below 8 bits', () => {
    expect(ALL_DTYPES.filter(isPacked)).toEqual(['uint4', 'int4', 'float4e2m1', 'uint2', 'int2']);
  });
});

describe('shapes', () => {
  it('count their elements, a scalar having one', () => {
    expect(elementCount([])).toBe(1);
    expect(elementCount([2, 3, 4])).toBe(24);
    expect(elementCount([2, 0, 4])).toBe(0);
  });

  it.each([[[-1]], [[1.5]], [[Number.NaN]], [[2 ** 30, 2 ** 30]], [[Number.POSITIVE_INFINITY]]])(
    'refuse %j',
    (shape) => {
      expect(() => elementCount(shape)).toThrow(code('TENSOR_SHAPE'));
    },
  );

  it('have row-major strides', () => {
    expect(stridesOf([2, 3, 4])).toEqual([12, 4, 1]);
    expect(stridesOf([])).toEqual([]);
  });

  it('are the same only with equal rank and sizes', () => {
    expect(sameShape([2, 3], [2, 3])).toBe(true);
    expect(sameShape([2, 3], [2, 3, 1])).toBe(false);
    expect(sameShape([2, 3], [3, 2])).toBe(false);
  });

  it('count negative axes from the end', () => {
    expect([-3, -1, 0, 2].map((axis) => normalizeAxis(axis, 3))).toEqual([0, 2, 0, 2]);
    for (const axis of [3, -4, 0.5]) expect(() => normalizeAxis(axis, 3)).toThrow(code('TENSOR_AXIS'));
    expect(() => normalizeAxis(0, 0)).toThrow(code('TENSOR_AXIS'));
  });

  it('broadcast as numpy does', () => {
    expect(broadcastShapes([2, 1, 4], [3, 1])).toEqual([2, 3, 4]);
    expect(broadcastShapes([], [5])).toEqual([5]);
    expect(broadcastShapes([0, 1], [1, 3])).toEqual([0, 3]);
    expect(broadcastShapes([1], [1], [7, 1])).toEqual([7, 1]);
    expect(broadcastShapes()).toEqual([]);
    expect(() => broadcastShapes([2], [3])).toThrow(code('TENSOR_BROADCAST'));
    expect(() => broadcastShapes([0], [2])).toThrow(code('TENSOR_BROADCAST'));
  });
});

describe('Tensor', () => {
  it('refuses an array of another type or length than dtype and shape need', () => {
    expect(() => new Tensor('float32', [2], new Float32Array(3))).toThrow(code('TENSOR_DATA'));
    expect(() => new Tensor('float32', [2], new Float64Array(2) as never)).toThrow(code('TENSOR_DATA'));
    expect(() => new Tensor('int4', [3], new Uint8Array(3))).toThrow(code('TENSOR_DATA'));
    expect(new Tensor('int4', [3], new Uint8Array(2)).size).toBe(3);
  });

  it('knows its bytes without copying, also inside a larger buffer', () => {
    const buffer = Float32Array.of(1, 2, 3, 4);
    const tensor = new Tensor('float32', [2], buffer.subarray(1, 3));
    expect(tensor.bytes).toEqual(new Uint8Array(buffer.buffer.slice(4, 12)));
    buffer[1] = 9;
    expect(new Float32Array(tensor.bytes.slice().buffer)[0]).toBe(9);
    expect(tensor.byteLength).toBe(8);
  });

  it('reshapes to equal sizes only', () => {
    const tensor = float32([1, 2, 3, 4]);
    expect(tensor.reshape([2, 2]).data).toBe(tensor.data);
    expect(() => tensor.reshape([3])).toThrow(code('TENSOR_DATA'));
  });

  it('is zero when asked for', () => {
    for (const dtype of ALL_DTYPES.filter((each) => each !== 'string')) {
      const tensor = zeros(dtype, [3]);
      expect(tensor.byteLength).toBe(byteLengthOf(dtype, 3));
      expect(tensor.bytes.every((byte) => byte === 0)).toBe(true);
      expect(tensor.data).toEqual(allocate(dtype, 3));
    }
  });

  it('holds int64 exactly', () => {
    expect(int64([1, -2, 2n ** 62n]).data).toEqual(BigInt64Array.of(1n, -2n, 2n ** 62n));
  });
});

describe('tensorFromBytes', () => {
  it('views aligned bytes and copies others', () => {
    const bytes = new Uint8Array(12);
    new DataView(bytes.buffer).setFloat32(4, 1.5, true);
    const aligned = tensorFromBytes('float32', [2], bytes.subarray(4));
    expect(aligned.data.buffer).toBe(bytes.buffer);
    expect([...aligned.data]).toEqual([1.5, 0]);
    const shifted = Uint8Array.of(7, ...bytes.subarray(4, 8)).subarray(1);
    expect([...tensorFromBytes('float32', [], shifted).data]).toEqual([1.5]);
  });

  it('undoes bytes for every dtype', () => {
    fc.assert(
      fc.property(fc.constantFrom(...ALL_DTYPES), fc.nat(20), (dtype, count) => {
        if (dtype === 'string') return;
        const bytes = Uint8Array.from({ length: byteLengthOf(dtype, count) }, (_, i) => i * 37);
        expect(tensorFromBytes(dtype, [count], bytes).bytes).toEqual(bytes);
      }),
    );
  });

  it('refuses bytes that do not fit', () => {
    expect(() => tensorFromBytes('float32', [1], new Uint8Array(3))).toThrow(code('TENSOR_DATA'));
    expect(() => tensorFromBytes('float32', [1], new Uint8Array(8))).toThrow(code('TENSOR_DATA'));
  });
});

describe('OctavoError', () => {
  it('joins place, fault and remedy, and keeps them apart too', () => {
    const cause = new Error('disk');
    const error = new TensorError({
      code: 'TENSOR_DATA',
      message: 'it broke.',
      where: 'a.bin',
      remedy: 'Mend it.',
      cause,
    });
    expect(error.message).toBe('a.bin: it broke. Mend it.');
    expect(error).toMatchObject({
      name: 'TensorError',
      code: 'TENSOR_DATA',
      fault: 'it broke.',
      where: 'a.bin',
      cause,
    });
    expect(error).toBeInstanceOf(OctavoError);
    expect(new OctavoError({ code: 'Y', message: 'no.' }).message).toBe('no.');
  });
});
