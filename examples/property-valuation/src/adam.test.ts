import { describe, expect, it } from 'vitest';
import { createAdam, defaultAdamOptions } from './adam.js';

describe('createAdam', () => {
  it('moves each parameter by the learning rate in the first step, whatever the size of its gradient', () => {
    const values = Float64Array.of(1, 1, 1);
    createAdam([values])([Float64Array.of(1000, -0.01, 0)], 0.1);
    expect(values[0]).toBeCloseTo(0.9, 5);
    expect(values[1]).toBeCloseTo(1.1, 5);
    expect(values[2]).toBe(1);
  });

  it('finds the minimum of a badly scaled parabola', () => {
    const values = Float64Array.of(3, -2);
    const step = createAdam([values]);
    for (let i = 0; i < 2000; i++) {
      const [x = 0, y = 0] = values;
      step([Float64Array.of(2000 * (x - 1), 0.2 * (y - 0.5))], 0.02 * (1 - i / 2000));
    }
    expect(values[0]).toBeCloseTo(1, 3);
    expect(values[1]).toBeCloseTo(0.5, 3);
  });

  it('decays weights in proportion to their size, apart from the gradient', () => {
    const values = Float64Array.of(10);
    createAdam([values], { ...defaultAdamOptions, weightDecay: 0.5 })([Float64Array.of(0)], 0.1);
    expect(values[0]).toBeCloseTo(9.5, 12);
  });

  it('refuses gradients that do not fit the parameters', () => {
    expect(() => createAdam([new Float64Array(2)])([new Float64Array(3)], 0.1)).toThrow(RangeError);
  });
});
