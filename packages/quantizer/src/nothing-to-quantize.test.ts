import { describe, expect, it } from 'vitest';
import { modelOf, quantize, weights } from '../tests/run-models.js';
import type { Mode } from './recipe.js';

const MODES: readonly Mode[] = ['static', 'dynamic', 'weight-only'];

const SOURCE = `graph opset 21 {
  input %x: float32[1, 64]
  ${weights('w', [64, 64], 1, 64)}
  %y = MatMul(%x, %w) @layer
  output %y
}`;

describe('a model of which nothing would change', () => {
  it.each(MODES)('says in mode %s that it is quantized already', async (mode) => {
    for (const before of MODES) {
      const { model } = await quantize(modelOf(SOURCE), { mode: before });
      await expect(quantize(model, { mode })).rejects.toMatchObject({
        code: 'NOTHING_TO_QUANTIZE',
        message: expect.stringMatching(/quantized already: .* is a \w+.*float32 model/),
      });
    }
  });

  it('says so of a model whose embeddings alone are quantized', async () => {
    const model = modelOf(`graph opset 21 {
      input %x: int64[2]
      ${weights('w', [64, 64], 1, 64)}
      %y = Gather(%w, %x) @rows
      output %y
    }`);
    const layers = [{ weights: { dtype: 'int4' as const, granularity: 'per-block' as const } }];
    const { model: blocks } = await quantize(model, { mode: 'weight-only', layers });
    await expect(quantize(blocks, { mode: 'weight-only' })).rejects.toMatchObject({
      code: 'NOTHING_TO_QUANTIZE',
      message: expect.stringMatching(/quantized already: .* is a GatherBlockQuantized/),
    });
  });

  it.each(MODES)('says in mode %s that its weights are in 16 bits', async (mode) => {
    const { model } = await quantize(modelOf(SOURCE), { mode: 'fp16' });
    await expect(quantize(model, { mode })).rejects.toMatchObject({
      code: 'NOTHING_TO_QUANTIZE',
      message: expect.stringMatching(/weights are float16, not float32: layer/),
    });
  });

  it('tells layers that are quantized from others', async () => {
    const both = modelOf(`graph opset 21 {
      input %x: float32[1, 64]
      ${weights('w', [64, 64], 1, 64)}
      ${weights('v', [64, 64], 2, 64)}
      %h = MatMul(%x, %w) @first
      %y = MatMul(%h, %v) @second
      output %y
    }`);
    const { model } = await quantize(both, { exclude: ['second'] });
    const { report } = await quantize(model, {});
    expect(report.decisions).toEqual([
      expect.objectContaining({ node: 'first', because: 'its weights are quantized already' }),
      expect.objectContaining({ node: 'second', quantized: true }),
    ]);
  });
});
