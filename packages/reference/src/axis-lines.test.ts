import { describe, expect, it } from 'vitest';
import { linesAlong, linesFrom } from './axis-lines.js';

const shape = [2, 3, 4];

/** The positions of each line's elements. */
function positions({ count, length, step, start }: ReturnType<typeof linesAlong>): number[][] {
  return Array.from({ length: count }, (_, line) => Array.from({ length }, (_, i) => start(line) + i * step));
}

describe('lines of a tensor', () => {
  it('cover every element once, whatever the axis', () => {
    for (const axis of [0, 1, 2, -1, -3]) {
      const lines = positions(linesAlong(shape, axis));
      expect(lines[0]).toHaveLength(shape.at(axis) ?? 0);
      expect(lines.flat().sort((a, b) => a - b)).toEqual(Array.from({ length: 24 }, (_, i) => i));
    }
  });

  it('step over inner axes', () => {
    expect(positions(linesAlong(shape, 1))[5]).toEqual([13, 17, 21]);
  });

  it('join all axes from one to the last', () => {
    expect(linesFrom(shape, 1)).toMatchObject({ count: 2, length: 12 });
    expect(linesFrom(shape, 3)).toMatchObject({ count: 24, length: 1 });
    expect(() => linesFrom(shape, 4)).toThrow(/axis 4/);
  });
});
