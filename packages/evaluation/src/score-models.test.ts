import { createModel, parse } from '@octavo/core/ir';
import { float32, OctavoError } from '@octavo/core/tensor';
import type { Sample } from '@octavo/datasets';
import { reference } from '@octavo/reference';
import { createSession, type Session } from '@octavo/runtime';
import { describe, expect, it } from 'vitest';
import { evaluate } from './evaluate.js';
import { cosine, defineMetric, mae, sqnr } from './metrics/index.js';
import { scoreModels } from './score-models.js';

function scaled(factor: number, shape = 'n, k'): Promise<Session> {
  const model = createModel(
    parse(`graph opset 17 {
      input %x: float32[${shape}]
      const %factor: float32[] = ${factor}
      %y: float32[${shape}] = Mul(%x, %factor)
      output %y
    }`),
  );
  return createSession(model, { backends: [reference()] });
}

const samples: Sample[] = [
  { id: 'a', feeds: { x: float32([1, 2], [1, 2]) }, label: 1, columns: { place: 'north' } },
  { id: 'b', feeds: { x: float32([4, 0], [1, 2]) }, label: 5, columns: { place: 'south' } },
];

describe('scoreModels', () => {
  it('scores both models by every metric in one pass over the data', async () => {
    using session = await scaled(1.5);
    using original = await scaled(1);
    let passes = 0;
    const once = (function* () {
      passes++;
      yield* samples;
    })();
    const bias = defineMetric({
      name: 'bias',
      higherIsBetter: false,
      score: (output, label) => (output[0] ?? 0) - label,
    });
    const scores = await scoreModels(session, once, {
      original,
      metrics: [mae, bias],
      fidelity: [sqnr, cosine],
    });
    expect(passes).toBe(1);
    const numbers = (list: readonly { readonly score: number }[] | undefined) =>
      list?.map(({ score }) => score);
    expect(numbers(scores.scored.get('mae'))).toEqual([0.5, 1]);
    expect(numbers(scores.scored.get('bias'))).toEqual([0.5, 1]);
    expect(numbers(scores.original.get('mae'))).toEqual([0, 1]);
    expect(numbers(scores.fidelity.get('sqnr'))).toEqual([1.25, 4]);
    const places = evaluate(sqnr, scores.fidelity.get('sqnr') ?? [], {
      segmentations: [{ column: 'place', by: 'value' }],
    });
    expect(places.overall.value).toBeCloseTo(10 * Math.log10(21 / 5.25), 12);
    expect(places.segments[0]?.segments.map(({ name, value }) => [name, Math.round(value * 1000)])).toEqual([
      ['north', 6021],
      ['south', 6021],
    ]);
  });

  it('needs no labels for fidelity', async () => {
    using session = await scaled(1);
    using original = await scaled(1);
    const unlabelled = samples.map(({ id, feeds }) => ({ id, feeds }));
    const { scored, fidelity } = await scoreModels(session, unlabelled, { original, fidelity: [sqnr] });
    expect(scored.size).toBe(0);
    expect(fidelity.get('sqnr')).toHaveLength(2);
  });

  it('refuses models whose outputs differ in shape', async () => {
    using session = await scaled(1);
    const model = createModel(
      parse(`graph opset 17 {
        input %x: float32[n, k]
        %y: float32[n, m] = Concat(%x, %x) {axis = 1}
        output %y
      }`),
    );
    using original = await createSession(model, { backends: [reference()] });
    const failed = scoreModels(session, samples, { original, fidelity: [sqnr] });
    await expect(failed).rejects.toSatisfy((e) => e instanceof OctavoError && e.code === 'OUTPUT_SHAPE');
  });
});
