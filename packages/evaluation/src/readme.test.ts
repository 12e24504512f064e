import { readFile } from 'node:fs/promises';
import { createModel, parse } from '@octavo/core/ir';
import { float32 } from '@octavo/core/tensor';
import { memoryDataset } from '@octavo/datasets';
import type { Session } from '@octavo/runtime';
import { createOnnxRuntimeSession } from '@octavo/runtime/onnxruntime';
import { describe, expect, it } from 'vitest';
import { judge } from '../tests/readme-example.js';

/** A model that multiplies its input with a factor. */
async function openSession(factor: number): Promise<Session> {
  const graph = parse(`graph opset 17 {
    input %x: float32[1]
    const %factor: float32[] = ${factor}
    %y: float32[1] = Mul(%x, %factor)
    output %y
  }`);
  return await createOnnxRuntimeSession(createModel(graph));
}

describe('the example of the README', () => {
  it('is what the README shows', async () => {
    const source = await readFile(new URL('../tests/readme-example.ts', import.meta.url), 'utf8');
    const readme = await readFile(new URL('../README.md', import.meta.url), 'utf8');
    expect(readme).toContain(`\`\`\`ts\n${source}\`\`\``);
  });

  it('judges a model against its original', async () => {
    const data = memoryDataset(
      Array.from({ length: 40 }, (_, i) => ({
        id: `${i}`,
        feeds: { x: float32([i + 1]) },
        label: (i + 1) * 2,
        columns: { region: i % 2 ? 'east' : 'west' },
      })),
    );
    using original = await openSession(2.1);
    using quantized = await openSession(2.2);
    const { overall, segments, worseForSure } = await judge(original, quantized, data);
    expect(overall.value).toBeCloseTo(0.1, 6);
    expect(overall.original?.retention).toBeCloseTo(0.5, 5);
    expect(segments.map(({ by, segments: parts }) => [by, parts.map(({ count }) => count)])).toEqual([
      ['label', [10, 10, 10, 10]],
      ['region', [20, 20]],
    ]);
    expect(worseForSure).toBe(true);
  });
});
