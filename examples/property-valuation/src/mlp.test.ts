import { describe, expect, it } from 'vitest';
import { createDraws } from './draws.js';
import { backward, createMlp, forward } from './mlp.js';

describe('forward', () => {
  it('multiplies by the weights, adds the bias and rectifies between the layers', () => {
    const mlp = [
      { inputs: 2, outputs: 2, weight: Float64Array.of(1, -1, 2, 1), bias: Float64Array.of(0.5, 0) },
      { inputs: 2, outputs: 1, weight: Float64Array.of(3, 5), bias: Float64Array.of(-1) },
    ];
    const [hidden, output] = forward(mlp, Float64Array.of(1, 0, 0, -1), 2);
    expect([...(hidden ?? [])]).toEqual([1.5, 0, 0, 0]);
    expect([...(output ?? [])]).toEqual([3.5, -1]);
  });
});

describe('backward', () => {
  it('agrees with finite differences in every parameter', () => {
    const draws = createDraws(11);
    const mlp = createMlp([3, 5, 4, 1], draws);
    const input = Float64Array.from({ length: 4 * 3 }, () => draws.normal(0, 1));
    const loss = (): number => [...(forward(mlp, input, 4).at(-1) ?? [])].reduce((sum, y) => sum + y * y, 0);
    const activations = forward(mlp, input, 4);
    const outputGradient = Float64Array.from(activations.at(-1) ?? [], (y) => 2 * y);
    const gradients = backward(mlp, input, activations, outputGradient);
    for (const [index, layer] of mlp.entries()) {
      for (const part of ['weight', 'bias'] as const) {
        const values = layer[part];
        const expected = Float64Array.from(values, (value, i) => {
          const difference = 1e-6;
          values[i] = value + difference;
          const above = loss();
          values[i] = value - difference;
          const below = loss();
          values[i] = value;
          return (above - below) / (2 * difference);
        });
        const found = gradients[index]?.[part] ?? new Float64Array();
        const gap = Math.max(...expected.map((value, i) => Math.abs(value - (found[i] ?? Number.NaN))));
        expect(gap).toBeLessThan(1e-6);
        expect(Math.max(...expected.map(Math.abs))).toBeGreaterThan(0.01);
      }
    }
  });
});
