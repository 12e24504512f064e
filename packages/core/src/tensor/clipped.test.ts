import { describe, expect, it } from 'vitest';
import { clipped } from './clipped.js';

describe('clipped', () => {
  it('leaves what fits a message and cuts the rest, with its length', () => {
    expect(clipped('x'.repeat(240))).toBe('x'.repeat(240));
    expect(clipped('x'.repeat(400_000))).toBe(`${'x'.repeat(240)}... (400000 characters)`);
  });
});
