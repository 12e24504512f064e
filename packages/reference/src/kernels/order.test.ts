import { inferTypes, parse } from '@octavo/core/ir';
import { float32, type Tensor, toNumbers } from '@octavo/core/tensor';
import { expect, it } from 'vitest';
import { interpret } from '../interpret.js';
import { kernelTable } from '../kernel-table.js';

const NAN = Number.NaN;

/** What a graph of one input `x` gives. */
async function run(x: Tensor, lines: string): Promise<number[][]> {
  const graph = parse(`graph opset 21 {\ninput %x: float32[${x.shape.join(', ')}]\n${lines}\n}`);
  inferTypes(graph);
  const compute = await interpret(graph, kernelTable);
  return compute([x], []).map((tensor) => Array.from(toNumbers(tensor)));
}

it('TopK orders what is no number behind every number, and equal elements by their index', async () => {
  const [falling, rising] = await run(
    float32([1, NAN, 3, Number.NEGATIVE_INFINITY, NAN, Number.POSITIVE_INFINITY, 2]),
    'const %k: int64[1] = [7]\n_, %i = TopK(%x, %k)\n_, %j = TopK(%x, %k) {largest=0}\noutput %i, %j',
  );
  expect(falling).toEqual([1, 4, 5, 2, 6, 0, 3]);
  expect(rising).toEqual([3, 0, 6, 2, 5, 1, 4]);
});

it('Unique orders slices with what is no number by what follows it', async () => {
  const [slices, first] = await run(
    float32([NAN, 2, 1, NAN, NAN, 1, 1, 5], [4, 2]),
    '%y, %i = Unique(%x) {axis=0}\noutput %y, %i',
  );
  expect(slices).toEqual([1, 5, 1, NAN, NAN, 1, NAN, 2]);
  expect(first).toEqual([3, 1, 2, 0]);
});
