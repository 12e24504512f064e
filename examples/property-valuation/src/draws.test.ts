import { describe, expect, it } from 'vitest';
import { createDraws } from './draws.js';

const many = 20_000;

describe('createDraws', () => {
  it('draws normal numbers with the mean and deviation asked for', () => {
    const draws = createDraws(3);
    const values = Array.from({ length: many }, () => draws.normal(10, 2));
    const mean = values.reduce((sum, value) => sum + value, 0) / many;
    const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / many;
    expect(mean).toBeCloseTo(10, 1);
    expect(Math.sqrt(variance)).toBeCloseTo(2, 1);
  });

  it('draws integers with both ends included', () => {
    const draws = createDraws(4);
    const values = new Set(Array.from({ length: 200 }, () => draws.integer(-1, 2)));
    expect([...values].sort((a, b) => a - b)).toEqual([-1, 0, 1, 2]);
  });

  it('draws indices in proportion to their weights, never one of weight 0', () => {
    const draws = createDraws(5);
    const counts = [0, 0, 0];
    for (let i = 0; i < many; i++) {
      const index = draws.index([1, 0, 3]);
      counts[index] = (counts[index] ?? 0) + 1;
    }
    expect(counts[1]).toBe(0);
    expect((counts[2] ?? 0) / many).toBeCloseTo(0.75, 1);
  });
});
