import type { ConvAttributes } from '@octavo/core/ir';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Convolution, convolve, type Extent, planConvolution, volume } from './convolution.js';
import { convolveTransposed, planTransposedConvolution } from './transposed-convolution.js';

/** The definition, one product at a time. */
function naive(x: Float32Array, w: Float32Array, plan: Convolution): number[] {
  const [inPerGroup, outPerGroup] = [plan.inChannels / plan.groups, plan.outChannels / plan.groups];
  const y: number[] = [];
  for (let n = 0; n < plan.batch; n++) {
    for (let m = 0; m < plan.outChannels; m++) {
      for (const at of positions(plan.output)) {
        let sum = 0;
        for (let c = 0; c < inPerGroup; c++) {
          for (const k of positions(plan.kernel)) {
            const from = at.map(
              (o, i) =>
                o * (plan.strides[i] ?? 1) + (k[i] ?? 0) * (plan.dilations[i] ?? 1) - (plan.begins[i] ?? 0),
            );
            if (from.some((index, i) => index < 0 || index >= (plan.input[i] ?? 1))) continue;
            const channel = Math.floor(m / outPerGroup) * inPerGroup + c;
            const value =
              x[(n * plan.inChannels + channel) * volume(plan.input) + flat(from, plan.input)] ?? 0;
            sum += value * (w[(m * inPerGroup + c) * volume(plan.kernel) + flat(k, plan.kernel)] ?? 0);
          }
        }
        y.push(sum);
      }
    }
  }
  return y;
}

function* positions([depth, height, width]: Extent): Generator<number[]> {
  for (let z = 0; z < depth; z++) {
    for (let y = 0; y < height; y++) for (let x = 0; x < width; x++) yield [z, y, x];
  }
}

function flat([z = 0, y = 0, x = 0]: readonly number[], [, height, width]: Extent): number {
  return (z * height + y) * width + x;
}

/** Small integers, so that every order of summation gives the same sums. */
function integers(length: number, seed: number): Float32Array {
  return Float32Array.from({ length }, (_, i) => ((i * 7919 + seed * 104729) % 19) - 9);
}

const cases = fc
  .record({
    rank: fc.constantFrom(1, 2, 3),
    groups: fc.constantFrom(1, 3),
    stride: fc.integer({ min: 1, max: 3 }),
    dilation: fc.integer({ min: 1, max: 2 }),
    kernel: fc.integer({ min: 1, max: 3 }),
    begin: fc.integer({ min: 0, max: 2 }),
    end: fc.integer({ min: 0, max: 2 }),
    length: fc.integer({ min: 5, max: 7 }),
    seed: fc.nat(1000),
  })
  .map(({ rank, groups, kernel, length, seed, ...window }) => {
    const all = (value: number) => new Array<number>(rank).fill(value);
    const attributes: ConvAttributes = {
      auto_pad: 'NOTSET',
      group: groups,
      kernel_shape: undefined,
      strides: all(window.stride),
      dilations: all(window.dilation),
      pads: [...all(window.begin), ...all(window.end)],
    };
    return { attributes, seed, x: [2, 2 * groups, ...all(length)], kernel: all(kernel) };
  });

describe('convolve', () => {
  it('gives the sums of the definition', () => {
    fc.assert(
      fc.property(cases, ({ attributes, seed, x, kernel }) => {
        const w = [2 * attributes.group, 2, ...kernel];
        const plan = planConvolution(x, w, attributes);
        const [values, weights] = [integers(size(x), seed), integers(size(w), seed + 1)];
        expect(Array.from(convolve(values, weights, plan))).toEqual(naive(values, weights, plan));
      }),
      { numRuns: 40 },
    );
  });

  it('refuses channels that do not divide into groups', () => {
    const attributes = { ...emptyAttributes, group: 2 };
    expect(() => planConvolution([1, 4, 5, 5], [3, 2, 3, 3], attributes)).toThrow(/does not convolve/);
    expect(() => planConvolution([1, 4, 5, 5], [4, 4, 3, 3], attributes)).toThrow(/does not convolve/);
  });
});

describe('convolveTransposed', () => {
  it('is the adjoint of convolve: <conv(x), y> = <x, transposed(y)>', () => {
    fc.assert(
      fc.property(cases, ({ attributes, seed, x, kernel }) => {
        const w = [2 * attributes.group, 2, ...kernel];
        const plan = planConvolution(x, w, attributes);
        const padded = x.slice(2).map((size, i) => {
          const stride = attributes.strides?.[i] ?? 1;
          const rest = (plan.shape[2 + i] ?? 1) - 1;
          const extent = ((kernel[i] ?? 1) - 1) * (attributes.dilations?.[i] ?? 1) + 1;
          return (
            size -
            (rest * stride +
              extent -
              (attributes.pads?.[i] ?? 0) -
              (attributes.pads?.[i + kernel.length] ?? 0))
          );
        });
        const back = planTransposedConvolution(plan.shape, w, {
          ...attributes,
          output_padding: padded,
          output_shape: undefined,
        });
        expect(back.shape).toEqual(x);
        const [values, weights] = [integers(size(x), seed), integers(size(w), seed + 1)];
        const y = integers(size(plan.shape), seed + 2);
        expect(inner(convolve(values, weights, plan), y)).toBe(
          inner(values, convolveTransposed(y, weights, back)),
        );
      }),
      { numRuns: 40 },
    );
  });
});

const emptyAttributes: ConvAttributes = {
  auto_pad: 'NOTSET',
  group: 1,
  kernel_shape: undefined,
  strides: undefined,
  dilations: undefined,
  pads: undefined,
};

function size(shape: readonly number[]): number {
  return shape.reduce((a, b) => a * b, 1);
}

function inner(a: ArrayLike<number>, b: ArrayLike<number>): number {
  return Array.from(a).reduce((sum, value, i) => sum + value * (b[i] ?? 0), 0);
}
