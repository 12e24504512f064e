import { describe, expect, it } from 'vitest';
import { pickAssignments } from './pick-assignments.js';
import type { Assignment } from './predict-front.js';

const at = (bytes: number, time: number, noise: number): Assignment => ({ bytes, time, noise, options: [] });

describe('pickAssignments', () => {
  const front = Array.from({ length: 101 }, (_, i) => at(i, 100 - i, 100 - i));

  it('takes the farthest first: the ends, then the middles of the gaps', () => {
    const known = [at(0, 0, 200)];
    const bytes = pickAssignments(front, known, ['bytes'], 4).map((each) => each.bytes);
    expect(bytes).toEqual([100, 50, 25, 75]);
  });

  it('goes along each axis in turn, past what is noisier than something cheaper', () => {
    const wide = [at(1, 9, 5), at(2, 8, 4), at(8, 1, 6), at(9, 2, 3), at(5, 7, 9)];
    const picked = pickAssignments(wide, [at(1, 9, 5)], ['time', 'bytes'], 4);
    expect(picked).toEqual([wide[2], wide[1], wide[3]]);
  });

  it('gives the turns of an axis that has none left to the others', () => {
    const falling = Array.from({ length: 30 }, (_, i) => at(i, 30 - i, 30 - i));
    const known = [at(0, 30, 30)];
    expect(pickAssignments(falling, known, ['time', 'bytes'], 6)).toHaveLength(6);
  });

  it('takes nothing that costs what is known already, and no more than there is', () => {
    expect(pickAssignments(front.slice(0, 3), [at(0, 0, 0)], ['bytes'], 9)).toHaveLength(2);
    expect(pickAssignments(front, [at(0, 0, 0)], ['bytes'], -1)).toEqual([]);
    expect(pickAssignments([], [at(0, 0, 0)], ['bytes'], 3)).toEqual([]);
  });
});
