import type { Model } from '@octavo/core/ir';
import { float32 } from '@octavo/core/tensor';
import { createOnnxRuntimeSession } from '@octavo/runtime/onnxruntime';
import { describe, expect, it } from 'vitest';
import { modelOf, normals } from '../../tests/run-models.js';
import { sqnrGoal } from './goal.js';

/** x times a number, and its shape, large next to x. */
const times = (factor: number, outputs: readonly string[]): Model =>
  modelOf(`graph opset 21 {
    input %x: float32[1, 100]
    const %factor: float32[1] = [${factor}]
    %y: float32[1, 100] = Mul(%x, %factor)
    %size: int64[2] = Shape(%y)
    %z: float32[1, 100] = Neg(%y)
    ${outputs.map((name) => `output %${name}`).join('\n')}
  }`);

async function sqnrOf(source: Model, model: Model): Promise<number> {
  const samples = [{ feeds: { x: float32(normals(100, 1), [1, 100]) } }];
  const goal = sqnrGoal(20, () => samples, { source, open: (each) => createOnnxRuntimeSession(each) });
  return (await goal.measure(model)).value;
}

describe('the goal of an SQNR', () => {
  it('is measured on float outputs only', async () => {
    for (const outputs of [['y'], ['y', 'size'], ['size', 'y']])
      expect(await sqnrOf(times(1, outputs), times(0.9, outputs))).toBeCloseTo(20, 3);
  });

  it('refuses models that cannot be compared', async () => {
    await expect(sqnrOf(times(1, ['y', 'z']), times(1, ['y']))).rejects.toThrow(/lacks the output z/);
    await expect(sqnrOf(times(1, ['size']), times(1, ['size']))).rejects.toThrow(/no float output/);
  });
});
