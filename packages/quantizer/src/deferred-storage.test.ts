import { describe, expect, it } from 'vitest';
import { deferredTensor, LastComputed } from './deferred-storage.js';

/** A computation of two tensors that counts how often it runs. */
function counted(byte: number): { compute: () => Promise<Record<string, Uint8Array>>; runs: () => number } {
  let runs = 0;
  return {
    compute: async () => {
      runs++;
      return { a: Uint8Array.of(byte, byte, byte, byte), b: Uint8Array.of(byte) };
    },
    runs: () => runs,
  };
}

describe('deferredTensor', () => {
  it('computes nothing before it is read, and once for all tensors of a layer', async () => {
    const [cache, layer] = [new LastComputed(), counted(7)];
    const a = deferredTensor('float32', [1], cache, layer.compute, 'a');
    const b = deferredTensor('uint8', [1], cache, layer.compute, 'b');
    expect([a.byteLength, b.byteLength, a.peek(), layer.runs()]).toEqual([4, 1, undefined, 0]);
    const [whole, part] = await Promise.all([b.load(), a.storage.read(1, 2)]);
    expect([[...whole.bytes], [...part]]).toEqual([[7], [7, 7]]);
    expect(layer.runs()).toBe(1);
  });

  it('forgets a layer when the next one is read', async () => {
    const [cache, first, second] = [new LastComputed(), counted(1), counted(2)];
    const read = (layer: typeof first): Promise<unknown> =>
      deferredTensor('uint8', [1], cache, layer.compute, 'b').load();
    await read(first);
    await read(second);
    await read(second);
    await read(first);
    expect([first.runs(), second.runs()]).toEqual([2, 1]);
  });

  it('refuses reads outside its bytes and results of another size', async () => {
    const [cache, layer] = [new LastComputed(), counted(1)];
    const { storage } = deferredTensor('uint8', [1], cache, layer.compute, 'b');
    for (const [offset, length] of [
      [0, 2],
      [1, 1],
      [-1, 1],
    ] as const) {
      await expect(storage.read(offset, length)).rejects.toMatchObject({ code: 'STORAGE_RANGE' });
    }
    await expect(deferredTensor('uint8', [9], cache, layer.compute, 'b').load()).rejects.toMatchObject({
      code: 'STORAGE_RANGE',
    });
    await expect(deferredTensor('uint8', [1], cache, layer.compute, 'c').load()).rejects.toMatchObject({
      code: 'STORAGE_RANGE',
    });
  });
});
