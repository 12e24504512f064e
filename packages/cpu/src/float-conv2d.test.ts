import fc from 'fast-check';
import { expect, it } from 'vitest';
import { describeWithAddon } from '../tests/addon.js';
import { bytes, convolution } from '../tests/arbitraries.js';
import { conv2d, packConv2d } from './conv2d.js';
import { floatConv2d, packFloatConv2d } from './float-conv2d.js';
import { toHalf } from './half-floats.js';

const layers = fc
  .record({
    ...convolution,
    halves: fc.boolean(),
  })
  .chain((layer) => {
    const { batch, size, groups, groupChannels, groupOutputs, kernel } = layer;
    return fc.record({
      layer: fc.constant(layer),
      input: bytes(batch * groups * groupChannels * size[0] * size[1], true),
      weights: bytes(groups * groupOutputs * groupChannels * kernel[0] * kernel[1], true),
    });
  });

describeWithAddon('floatConv2d', () => {
  it('sums whole numbers as the integer convolution does, in any geometry and layout', () => {
    fc.assert(
      fc.property(layers, ({ layer, input, weights }) => {
        const { groups, groupChannels, groupOutputs, kernel, halves } = layer;
        const shape = [groups * groupOutputs, groupChannels, ...kernel] as const;
        const size = [layer.batch, ...layer.size] as const;
        using integers = packConv2d({ data: weights, shape, groups });
        const sums = conv2d({ ...layer, size, input, packed: integers, epilogue: { output: 'int32' } });
        const floats = Float32Array.from(weights);
        using packed = packFloatConv2d({ data: halves ? toHalf(floats, 'float16') : floats, shape, groups });
        const y = floatConv2d({
          ...layer,
          size,
          input: Float32Array.from(input),
          packed,
          residual: Float32Array.from(sums, (_, i) => i),
          activation: { kind: 'clip', min: -5000 },
        });
        expect([...y]).toEqual([...sums].map((sum, i) => Math.max(sum + i, -5000)));
      }),
      { numRuns: 100 },
    );
  });

  it('refuses lengths that do not match', () => {
    using packed = packFloatConv2d({ data: new Float32Array(4), shape: [1, 1, 2, 2] });
    const input = new Float32Array(9);
    expect(() => floatConv2d({ input, size: [1, 3, 4], packed })).toThrowError(/input: expected/);
    expect(() => floatConv2d({ input, size: [1, 3, 3], packed, residual: new Float32Array(3) })).toThrowError(
      /residual: expected at least 4/,
    );
    expect(() => packFloatConv2d({ data: new Float32Array(5), shape: [1, 1, 2, 2] })).toThrowError(/data/);
  });
});
