import { inferTypes, parse } from '@octavo/core/ir';
import { float32, fromNumbers, type Tensor, toNumbers } from '@octavo/core/tensor';
import { describe, expect, it } from 'vitest';
import { interpret } from './interpret.js';
import { kernelTable } from './kernel-table.js';

async function run(lines: string, ...inputs: Tensor[]): Promise<number[][]> {
  const graph = parse(`graph opset 24 {\n${lines}\n}`);
  inferTypes(graph);
  const compute = await interpret(graph, kernelTable);
  return compute(inputs, []).map((tensor) => Array.from(toNumbers(tensor)));
}

const ones = (...shape: number[]) =>
  float32(new Array<number>(shape.reduce((a, b) => a * b, 1)).fill(1), shape);

describe('Attention', () => {
  const values = float32([1, 3, 5], [1, 1, 3, 1]);

  it('averages values of equal scores up to each query in causal order', async () => {
    const text = `input %q: float32[1, 1, 3, 1]
      input %v: float32[1, 1, 3, 1]
      %y = Attention(%q, %q, %v) {is_causal=1}
      output %y`;
    expect(await run(text, ones(1, 1, 3, 1), values)).toEqual([[1, 2, 3]]);
  });

  it('gives zeros to a query that may see nothing', async () => {
    const text = `input %q: float32[1, 1, 2, 1]
      input %k: float32[1, 1, 3, 1]
      input %v: float32[1, 1, 3, 1]
      input %m: bool[2, 3]
      %y = Attention(%q, %k, %v, %m)
      output %y`;
    const mask = fromNumbers('bool', [2, 3], [0, 0, 0, 1, 0, 1]);
    expect(await run(text, ones(1, 1, 2, 1), ones(1, 1, 3, 1), values, mask)).toEqual([[0, 3]]);
  });

  it('puts past keys and values before the new ones', async () => {
    const text = `input %q: float32[1, 1, 1, 1]
      input %v: float32[1, 1, 1, 1]
      input %pk: float32[1, 1, 2, 1]
      input %pv: float32[1, 1, 2, 1]
      %y, %k1, %v1 = Attention(%q, %q, %v, _, %pk, %pv) {is_causal=1}
      output %y, %v1`;
    const past = float32([2, 4], [1, 1, 2, 1]);
    expect(await run(text, ones(1, 1, 1, 1), float32([9], [1, 1, 1, 1]), ones(1, 1, 2, 1), past)).toEqual([
      [5],
      [2, 4, 9],
    ]);
  });

  it('shares a key head among the query heads of its group', async () => {
    const text = `input %q: float32[1, 1, 4]
      input %v: float32[1, 1, 2]
      %y = Attention(%q, %v, %v) {q_num_heads=4, kv_num_heads=2}
      output %y`;
    expect(await run(text, ones(1, 1, 4), float32([7, 8], [1, 1, 2]))).toEqual([[7, 7, 8, 8]]);
  });

  it('refuses a width that does not divide into heads', async () => {
    const text = `input %q: float32[1, 1, 4]
      %y = Attention(%q, %q, %q) {q_num_heads=3, kv_num_heads=3}
      output %y`;
    await expect(run(text, ones(1, 1, 4))).rejects.toThrow(/\[1, 1, 4\] does not divide into 3 heads/);
  });

  it('refuses keys of another batch that only a run shows', async () => {
    const text = `input %q: float32[2, 1, 3, 1]
      input %all: float32[2, 1, 3, 1]
      input %n: int64[1]
      const %zero: int64[1] = [0]
      %k = Slice(%all, %zero, %n, %zero)
      %y = Attention(%q, %k, %k)
      output %y`;
    const one = fromNumbers('int64', [1], [1]);
    await expect(run(text, ones(2, 1, 3, 1), ones(2, 1, 3, 1), one)).rejects.toThrow(
      /queries \[2, 1, 3, 1\], keys \[1, 1, 3, 1\] and values .* do not fit each other/,
    );
  });
});

describe('RotaryEmbedding', () => {
  it('turns pairs by the angle of their position', async () => {
    const text = `input %x: float32[1, 1, 2, 2]
      const %c: float32[2, 1] = [1, 0]
      const %s: float32[2, 1] = [0, 1]
      const %p: int64[1, 2] = [0, 1]
      %y = RotaryEmbedding(%x, %c, %s, %p)
      output %y`;
    expect(await run(text, float32([3, 4, 3, 4], [1, 1, 2, 2]))).toEqual([[3, 4, -4, 3]]);
  });
});
