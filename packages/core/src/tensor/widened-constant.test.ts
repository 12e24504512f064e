import { describe, expect, it } from 'vitest';
import { float16ToFloat32 } from './float16.js';
import { type Storage, StoredTensor } from './storage.js';
import { Tensor } from './tensor.js';
import { halvesOf, widenedConstant } from './widened-constant.js';

/** Halves 1, -2, 0.5 and 3 that are not in memory, and the ranges of them that are read. */
function unreadHalves(dtype: 'float16' | 'bfloat16') {
  const words = { float16: [0x3c00, 0xc000, 0x3800, 0x4200], bfloat16: [0x3f80, 0xc000, 0x3f00, 0x4040] };
  const { storage } = StoredTensor.of(new Tensor(dtype, [4], Uint16Array.from(words[dtype])));
  const ranges: [number, number][] = [];
  const unread: Storage = {
    byteLength: storage.byteLength,
    read(offset, length) {
      ranges.push([offset, length]);
      return storage.read(offset, length);
    },
  };
  return { half: new StoredTensor(dtype, [4], unread), ranges };
}

describe.each(['float16', 'bfloat16'] as const)('a widened constant of %s', (dtype) => {
  it('is read when it is asked for', async () => {
    const { half, ranges } = unreadHalves(dtype);
    const wide = widenedConstant(half);
    expect(ranges).toEqual([]);
    expect([...(await wide.load()).data]).toEqual([1, -2, 0.5, 3]);
    expect(ranges).toEqual([[0, 8]]);
  });

  it('reads only the halves of the bytes that are asked for', async () => {
    const { half, ranges } = unreadHalves(dtype);
    const { storage } = widenedConstant(half);
    const all = new Uint8Array(Float32Array.of(1, -2, 0.5, 3).buffer);
    expect([...(await storage.read(4, 8))]).toEqual([...all.subarray(4, 12)]);
    expect([...(await storage.read(6, 3))]).toEqual([...all.subarray(6, 9)]);
    expect([...(await storage.read(12, 0))]).toEqual([]);
    expect(ranges).toEqual([
      [2, 4],
      [2, 4],
      [6, 0],
    ]);
  });

  it('tells the halves that it stands for', () => {
    const { half } = unreadHalves(dtype);
    expect(halvesOf(widenedConstant(half))).toBe(half);
    expect(halvesOf(half)).toBeUndefined();
  });

  it('refuses bytes outside', async () => {
    const { storage } = widenedConstant(unreadHalves(dtype).half);
    for (const [offset, length] of [
      [-1, 2],
      [12, 5],
    ] as const) {
      await expect(storage.read(offset, length)).rejects.toMatchObject({ code: 'STORAGE_RANGE' });
    }
  });
});

it('is made of float16 and bfloat16 alone', () => {
  const ints = StoredTensor.of(new Tensor('uint16', [2], Uint16Array.of(1, 2)));
  expect(() => widenedConstant(ints)).toThrow(expect.objectContaining({ code: 'TENSOR_DTYPE' }));
});

it('is the number that each float16 stands for', async () => {
  const words = Uint16Array.from({ length: 2 ** 16 }, (_, bits) => bits);
  const { data } = await widenedConstant(StoredTensor.of(new Tensor('float16', [2 ** 16], words))).load();
  const wrong = [...words].filter((bits) => !Object.is(data[bits], float16ToFloat32(bits)));
  expect(wrong).toEqual([]);
});

it('is made once for each constant', () => {
  const { half } = unreadHalves('float16');
  expect(widenedConstant(half)).toBe(widenedConstant(half));
  expect(widenedConstant(unreadHalves('float16').half)).not.toBe(widenedConstant(half));
});
