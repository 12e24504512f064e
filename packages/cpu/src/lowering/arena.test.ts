import fc from 'fast-check';
import { expect, it } from 'vitest';
import { type Lifetime, planArena } from './arena.js';

const lifetime = fc
  .tuple(fc.integer({ min: 0, max: 2000 }), fc.nat(30), fc.nat(10))
  .map(([bytes, first, length]): Lifetime => ({ bytes, first, last: first + length }));

function rounded({ bytes }: Lifetime): number {
  return Math.ceil(bytes / 64) * 64;
}

it('gives memory that is needed at one time to one lifetime only, aligned and within the arena', () => {
  fc.assert(
    fc.property(fc.array(lifetime, { maxLength: 40 }), (lifetimes) => {
      const { offsets, bytes } = planArena(lifetimes);
      lifetimes.forEach((a, i) => {
        const start = offsets[i] ?? -1;
        expect(start % 64).toBe(0);
        expect(start + a.bytes).toBeLessThanOrEqual(bytes);
        lifetimes.slice(0, i).forEach((b, j) => {
          const together = a.first <= b.last && b.first <= a.last;
          const other = offsets[j] ?? -1;
          if (together && a.bytes > 0 && b.bytes > 0)
            expect(start + a.bytes <= other || other + b.bytes <= start).toBe(true);
        });
      });
    }),
  );
});

it('needs no more than what is alive at the busiest time where each value lives until the next is made', () => {
  const chain = [100, 5000, 300, 4000, 64].map((bytes, at) => ({ bytes, first: at, last: at + 1 }));
  const busiest = Math.max(
    ...chain.map((each, at) => rounded(each) + rounded(chain[at + 1] ?? { ...each, bytes: 0 })),
  );
  expect(planArena(chain).bytes).toBe(busiest);
});

it('has no bytes without lifetimes', () => {
  expect(planArena([])).toEqual({ offsets: [], bytes: 0 });
});
