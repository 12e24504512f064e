import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { celu, elu, gelu, geluTanh, mish, relu, sigmoid, softplus, swish } from './activations.js';

const finite = fc.double({ noNaN: true, min: -1e300, max: 1e300 });

describe('activations', () => {
  it('stay finite for every finite input', () => {
    fc.assert(
      fc.property(finite, (x) => {
        for (const f of [relu, sigmoid, softplus, gelu, mish, swish(1), elu(1), celu(2)]) {
          expect(Number.isFinite(f(x))).toBe(true);
        }
      }),
    );
  });

  it('keep NaN', () => {
    for (const f of [relu, sigmoid, softplus, gelu, elu(1)]) expect(f(Number.NaN)).toBeNaN();
  });

  it('have the symmetries of their definitions', () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true, min: -30, max: 30 }), (x) => {
        expect(sigmoid(x) + sigmoid(-x)).toBeCloseTo(1, 12);
        expect(softplus(x) - softplus(-x)).toBeCloseTo(x, 12);
        expect(gelu(x) - gelu(-x)).toBeCloseTo(x, 12);
        expect(geluTanh(x)).toBeCloseTo(gelu(x), 2);
      }),
    );
  });
});
