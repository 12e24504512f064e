import { readFile } from 'node:fs/promises';
import { createModel, inferTypes, parse } from '@octavo/core/ir';
import { toNumbers } from '@octavo/core/tensor';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { predict } from '../tests/readme-example.js';

afterEach(() => {
  vi.restoreAllMocks();
});

describe('the example of the README', () => {
  it('is what the README shows', async () => {
    const source = await readFile(new URL('../tests/readme-example.ts', import.meta.url), 'utf8');
    const readme = await readFile(new URL('../README.md', import.meta.url), 'utf8');
    expect(readme).toContain(`\`\`\`ts\n${source}\`\`\``);
  });

  it('runs a model and prints its plan and taps', async () => {
    const print = vi.spyOn(console, 'log').mockReturnValue();
    const graph = parse(`graph opset 21 {
      input %x: float32[N, 2]
      const %w: float32[2, 2] = [1, -1, 2, -2]
      %hidden = MatMul(%x, %w)
      %y = Relu(%hidden)
      output %y
    }`);
    inferTypes(graph);
    const { y } = await predict(createModel(graph), [1, 2]);
    expect(y && Array.from(toNumbers(y))).toEqual([5, 0]);
    expect(print.mock.calls).toEqual([
      [expect.stringContaining('MatMul(hidden)  MatMul  float32  reference')],
      ['hidden', [1, 2]],
    ]);
  });
});
