import { describe, expect, it } from 'vitest';
import { MemoryStorage, type Storage, StoredTensor } from './storage.js';
import { decodeStrings, encodeStrings, stringTensor } from './strings.js';
import { float32 } from './tensor.js';

describe('MemoryStorage', () => {
  it('reads ranges and refuses those outside', async () => {
    const storage = new MemoryStorage(Uint8Array.of(1, 2, 3, 4));
    expect(storage.byteLength).toBe(4);
    expect([...(await storage.read(1, 2))]).toEqual([2, 3]);
    expect([...(await storage.read(4, 0))]).toEqual([]);
    for (const [offset, length] of [
      [3, 2],
      [-1, 1],
      [0, -1],
    ] as const) {
      await expect(storage.read(offset, length)).rejects.toMatchObject({ code: 'STORAGE_RANGE' });
    }
  });
});

describe('StoredTensor', () => {
  it('gives back the tensor it was made of', async () => {
    const tensor = float32([1, 2, 3, 4], [2, 2]);
    const stored = StoredTensor.of(tensor);
    expect(stored.peek()).toEqual(tensor);
    expect(await stored.load()).toEqual(tensor);
    expect([stored.size, stored.byteLength]).toEqual([4, 16]);
  });

  it('waits for bytes that are elsewhere', async () => {
    const bytes = float32([5, 6]).bytes;
    const remote: Storage = {
      byteLength: 8,
      read: async (offset, length) => bytes.slice(offset, offset + length),
    };
    const stored = new StoredTensor('float32', [2], remote);
    expect(stored.peek()).toBeUndefined();
    expect(await stored.load()).toEqual(float32([5, 6]));
  });

  it('refuses storage of another length than dtype and shape need', () => {
    expect(() => new StoredTensor('float32', [2], new MemoryStorage(new Uint8Array(7)))).toThrow(
      expect.objectContaining({ code: 'TENSOR_DATA' }),
    );
    expect(new StoredTensor('int4', [3], new MemoryStorage(new Uint8Array(2))).size).toBe(3);
  });
});

describe('string elements', () => {
  it('come back as the bytes they were, empty and invalid UTF-8 included', () => {
    const elements = [new Uint8Array(0), Uint8Array.of(0xff, 0xfe), new TextEncoder().encode('größer')];
    expect(decodeStrings(encodeStrings(elements))).toEqual(elements);
  });

  it('make tensors of text', () => {
    const tensor = stringTensor(['a', 'ü'], [2, 1]);
    expect(tensor.shape).toEqual([2, 1]);
    expect(decodeStrings(tensor.data).map((bytes) => new TextDecoder().decode(bytes))).toEqual(['a', 'ü']);
  });

  it('are refused when a length passes the end', () => {
    const sound = encodeStrings([Uint8Array.of(1, 2, 3)]);
    for (const bytes of [sound.subarray(0, 6), sound.subarray(0, 3), Uint8Array.of(255, 255, 255, 255)]) {
      expect(() => decodeStrings(bytes)).toThrow(expect.objectContaining({ code: 'TENSOR_DATA' }));
    }
  });
});
