import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { LayerChoice, PrecisionName } from './layer-choice.js';
import { uniformAssignments } from './pick-assignments.js';
import { predictTimes } from './predict-times.js';

const layerOf = (multiplications: number, precisions: readonly PrecisionName[]): LayerChoice => ({
  node: '',
  output: '',
  floatBytes: 0,
  multiplications,
  options: precisions.map((precision) => ({ precision, bytes: 0, noise: 0, time: 0 })),
});

describe('predictTimes', () => {
  it('gives models of one precision the time measured, the original its own, and others what lies between', () => {
    const work = fc.array(fc.integer({ min: 0, max: 1000 }), { minLength: 1, maxLength: 8 });
    const ratio = fc.double({ min: 0.1, max: 400, noNaN: true });
    fc.assert(
      fc.property(work, ratio, ratio, (multiplications, w8a8, w4a8) => {
        fc.pre(multiplications.some((each) => each > 0));
        const fixed = layerOf(500, ['float']);
        const free = multiplications.map((each) => layerOf(each, ['float', 'w8a8', 'w4a8']));
        const measured = new Map([
          ['w8a8' as const, { ratio: w8a8 }],
          ['w4a8' as const, { ratio: w4a8 }],
        ]);
        const layers = predictTimes([fixed, ...free], measured);
        const uniform = uniformAssignments(layers);
        expect(uniform.get('w8a8')?.time).toBeCloseTo(w8a8, 9);
        expect(uniform.get('w4a8')?.time).toBeCloseTo(w4a8, 9);
        const original = layers.reduce(
          (sum, { options }) => sum + (options.find(({ precision }) => precision === 'float')?.time ?? 0),
          0,
        );
        expect(original).toBeCloseTo(1, 9);
        for (const { options, multiplications: own } of layers.slice(1))
          expect(options.map(({ time }) => time > 0)).toEqual(options.map(() => own > 0));
        expect(layers[0]?.options).toMatchObject([{ precision: 'float', time: 0 }]);
      }),
    );
  });
});
