import { describe, expect, it } from 'vitest';
import { checkTensorBytes, MAX_TENSOR_BYTES } from './size-limit.js';

describe('the limit of a tensor', () => {
  it('lets pass what takes as many bytes', () => {
    expect(() => checkTensorBytes('float32', [4], 16)).not.toThrow();
    expect(() => checkTensorBytes('int4', [33], 17)).not.toThrow();
    expect(() => checkTensorBytes('float32', [2 ** 29], MAX_TENSOR_BYTES)).not.toThrow();
  });

  it('names place, dtype, shape and what it takes when that is more', () => {
    expect(() => checkTensorBytes('float32', [5], 16, 'node a, output b')).toThrow(
      'node a, output b: a float32 tensor of shape [5] takes 20 bytes, and the limit is 16 bytes.',
    );
    expect(() => checkTensorBytes('float64', [2 ** 20, 2 ** 10], MAX_TENSOR_BYTES)).toThrow(
      'takes 8192 MiB, and the limit is 2048 MiB.',
    );
  });

  it('is not deceived by products that no integer holds, nor by an empty axis among long ones', () => {
    const long = 2 ** 40;
    expect(() => checkTensorBytes('int8', [long, long, long], MAX_TENSOR_BYTES)).toThrow(
      expect.objectContaining({ code: 'TENSOR_TOO_LARGE' }),
    );
    expect(() => checkTensorBytes('int8', [0, long], MAX_TENSOR_BYTES)).not.toThrow();
  });

  it('refuses sizes that are none', () => {
    for (const size of [-1, 0.5, Number.NaN]) {
      expect(() => checkTensorBytes('int8', [size], MAX_TENSOR_BYTES)).toThrow(
        expect.objectContaining({ code: 'TENSOR_SHAPE' }),
      );
    }
    for (const shape of [[-9], [2 ** 40, 2 ** 40]]) {
      expect(() => checkTensorBytes('int8', shape, Number.POSITIVE_INFINITY, 'node a')).toThrow(
        expect.objectContaining({ code: 'TENSOR_SHAPE', where: 'node a' }),
      );
    }
  });

  it('counts what short strings cost', () => {
    expect(() => checkTensorBytes('string', [2 ** 26], MAX_TENSOR_BYTES)).toThrow(
      expect.objectContaining({ code: 'TENSOR_TOO_LARGE' }),
    );
  });
});
