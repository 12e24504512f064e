import { float32 } from '@octavo/core/tensor';
import { describe, expect, it } from 'vitest';
import { type Dataset, iterableDataset, memoryDataset, type Sample } from './dataset.js';
import { selectIndices } from './select.js';

const samples: Sample[] = Array.from({ length: 20 }, (_, i) => ({ id: `${i}`, feeds: { x: float32([i]) } }));

async function ids(dataset: Dataset, options?: Parameters<Dataset['samples']>[0]): Promise<string[]> {
  const found: string[] = [];
  for await (const sample of dataset.samples(options)) found.push(sample.id);
  return found;
}

describe('selectIndices', () => {
  it('draws without repetition, in order, the same for the same seed', () => {
    const drawn = selectIndices(1000, { samples: 100, seed: 7 });
    expect(new Set(drawn).size).toBe(100);
    expect(drawn).toEqual([...drawn].sort((a, b) => a - b));
    expect(drawn).toEqual(selectIndices(1000, { samples: 100, seed: 7 }));
    expect(drawn).not.toEqual(selectIndices(1000, { samples: 100, seed: 8 }));
  });

  it('draws every sample about equally often', () => {
    const counts = new Array<number>(10).fill(0);
    for (let seed = 0; seed < 2000; seed++) {
      for (const index of selectIndices(10, { samples: 3, seed })) counts[index] = (counts[index] ?? 0) + 1;
    }
    for (const count of counts) expect(Math.abs(count - 600)).toBeLessThan(100);
  });

  it('takes all when asked for more than there are', () => {
    expect(selectIndices(3, { samples: 5 })).toEqual([0, 1, 2]);
    expect(selectIndices(3)).toEqual([0, 1, 2]);
  });

  it.each([{ samples: 0 }, { samples: -1 }, { samples: 1.5 }, { samples: 2, seed: 0.5 }])(
    'refuses %o',
    (options) => {
      expect(() => selectIndices(10, options)).toThrow(
        expect.objectContaining({ code: 'DATASET_SELECTION' }),
      );
    },
  );
});

describe('memoryDataset', () => {
  it('iterates the same samples each time', async () => {
    const dataset = memoryDataset(samples, { samples: 5, seed: 3 });
    expect(dataset.size).toBe(5);
    expect(await ids(dataset)).toEqual(await ids(dataset));
    expect(await ids(dataset, { limit: 2 })).toEqual((await ids(dataset)).slice(0, 2));
  });

  it('refuses no samples', () => {
    expect(() => memoryDataset([])).toThrow(expect.objectContaining({ code: 'DATASET_EMPTY' }));
  });

  it('stops when it is told to', async () => {
    const controller = new AbortController();
    const iterate = async () => {
      for await (const { id } of memoryDataset(samples).samples({ signal: controller.signal })) {
        if (id === '2') controller.abort(new Error('enough'));
      }
    };
    await expect(iterate()).rejects.toThrow('enough');
  });
});

describe('iterableDataset', () => {
  it('iterates synchronous and asynchronous sources anew each time', async () => {
    const dataset = iterableDataset(async function* () {
      yield* samples.slice(0, 3);
    });
    expect(await ids(dataset)).toEqual(['0', '1', '2']);
    expect(await ids(dataset, { limit: 2 })).toEqual(['0', '1']);
    expect(await ids(iterableDataset(() => samples.slice(4, 6)))).toEqual(['4', '5']);
    expect(dataset.size).toBeUndefined();
  });

  it('refuses to yield nothing', async () => {
    await expect(ids(iterableDataset(() => []))).rejects.toMatchObject({ code: 'DATASET_EMPTY' });
  });
});
