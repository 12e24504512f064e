import fc from 'fast-check';
import { expect, it } from 'vitest';
import { describeWithAddon } from '../tests/addon.js';
import { bytes, convolution, epilogues, zeroPoints } from '../tests/arbitraries.js';
import { at, finish, zeroPointAt } from '../tests/oracle.js';
import type { ByteArray } from './binding.js';
import { type Conv2dOptions, conv2d, packConv2d } from './conv2d.js';
import { conv2dOutputSize, type Layout } from './conv2d-geometry.js';
import { allocateOutput, type Epilogue } from './epilogue.js';

const small = (min: number, max: number) => fc.integer({ min, max });

const layers = fc
  .record({
    ...convolution,
    inputSigned: fc.boolean(),
    weightsSigned: fc.boolean(),
  })
  .chain((layer) => {
    const { groups, groupChannels, groupOutputs, kernel, inputSigned, weightsSigned } = layer;
    const outputs = groups * groupOutputs;
    const taps = groupChannels * kernel[0] * kernel[1];
    return fc.record({
      layer: fc.constant(layer),
      input: bytes(layer.batch * groups * groupChannels * layer.size[0] * layer.size[1], inputSigned),
      weights: bytes(outputs * taps, weightsSigned),
      zeroPoint: inputSigned ? small(-128, 127) : small(0, 255),
      weightZeroPoints: zeroPoints(outputs, weightsSigned),
      epilogue: epilogues(0, outputs, layer.batch * outputs * positions(layer, 0) * positions(layer, 1)),
    });
  });

/** Sizes, and paddings before and after, along height and width. */
interface Window {
  readonly size: readonly [number, number];
  readonly kernel: readonly [number, number];
  readonly strides: readonly [number, number];
  readonly dilations: readonly [number, number];
  readonly pads: readonly [number, number, number, number];
}

/** Output positions along an axis. */
function positions({ size, kernel, strides, dilations, pads }: Window, axis: 0 | 1): number {
  const window = (kernel[axis] - 1) * dilations[axis] + 1;
  return Math.floor((size[axis] + pads[axis] + pads[axis === 0 ? 2 : 3] - window) / strides[axis]) + 1;
}

type Case = typeof layers extends fc.Arbitrary<infer T> ? T : never;

/** Index of (image, channel, y, x) in a dense tensor. */
function index(
  layout: Layout,
  [channels, height, width]: readonly [number, number, number],
  i: readonly [number, number, number, number],
): number {
  const [image, channel, y, x] = i;
  return layout === 'NCHW'
    ? ((image * channels + channel) * height + y) * width + x
    : ((image * height + y) * width + x) * channels + channel;
}

/** The accumulator of one output, straight from the definition; padding adds nothing. */
function accumulate(sample: Case, image: number, output: number, y: number, x: number): number {
  const { layer, input, weights, zeroPoint, weightZeroPoints } = sample;
  const { groups, groupChannels, groupOutputs, kernel, size, strides, dilations, pads, layout } = layer;
  const first = Math.floor(output / groupOutputs) * groupChannels;
  let sum = 0;
  for (let c = 0; c < groupChannels; c++) {
    for (let kh = 0; kh < kernel[0]; kh++) {
      for (let kw = 0; kw < kernel[1]; kw++) {
        const row = y * strides[0] + kh * dilations[0] - pads[0];
        const column = x * strides[1] + kw * dilations[1] - pads[1];
        if (row < 0 || row >= size[0] || column < 0 || column >= size[1]) continue;
        const shape = [groups * groupChannels, size[0], size[1]] as const;
        const value = at(input, index(layout, shape, [image, first + c, row, column]));
        const weight = at(weights, ((output * groupChannels + c) * kernel[0] + kh) * kernel[1] + kw);
        sum = (sum + (value - zeroPoint) * (weight - zeroPointAt(weightZeroPoints, output))) | 0;
      }
    }
  }
  return sum;
}

function expected(sample: Case, height: number, width: number): ReturnType<typeof allocateOutput> {
  const { layer, epilogue } = sample;
  const outputs = layer.groups * layer.groupOutputs;
  const out = allocateOutput(epilogue, layer.batch * outputs * height * width);
  for (let image = 0; image < layer.batch; image++) {
    for (let output = 0; output < outputs; output++) {
      for (let y = 0; y < height; y++) {
        for (let x = 0; x < width; x++) {
          const where = index(layer.outLayout, [outputs, height, width], [image, output, y, x]);
          out[where] = finish(accumulate(sample, image, output, y, x), 0, output, epilogue, where);
        }
      }
    }
  }
  return out;
}

function packCase({ layer, weights, weightZeroPoints }: Case) {
  const { groups, groupChannels, groupOutputs, kernel } = layer;
  const shape = [groups * groupOutputs, groupChannels, ...kernel] as const;
  return packConv2d({ data: weights, shape, groups, zeroPoints: weightZeroPoints });
}

describeWithAddon('conv2d', () => {
  it('has the bits of the definition for any geometry, groups, layouts, types and epilogue', () => {
    fc.assert(
      fc.property(layers, (sample) => {
        const { layer, input, zeroPoint, epilogue } = sample;
        using packed = packCase(sample);
        const options = {
          ...layer,
          input,
          size: [layer.batch, ...layer.size],
          packed,
          epilogue,
          zeroPoint,
        } as const satisfies Conv2dOptions<Epilogue>;
        const [height, width] = conv2dOutputSize(options);
        fc.pre(height > 0 && width > 0);
        expect(conv2d(options)).toEqual(expected(sample, height, width));
      }),
      { numRuns: 100 },
    );
  });

  const identity = () => packConv2d({ data: Int8Array.of(1), shape: [1, 1, 1, 1] });
  const call = (input: ByteArray, change: Partial<Conv2dOptions<{ output: 'int32' }>> = {}) => {
    using packed = identity();
    return conv2d({ input, size: [1, 2, 2], packed, epilogue: { output: 'int32' }, ...change });
  };

  it('copies its input through an identity', () => {
    expect([...call(Uint8Array.of(1, 2, 3, 4))]).toEqual([1, 2, 3, 4]);
  });

  it.each([
    [{ strides: [0, 1] as const }, /height/],
    [{ pads: [-1, 0, 0, 0] as const }, /geometry: expected no negative number/],
    [{ pads: [2 ** 40, 0, 0, 0] as const }, /no memory for 2199023255556 outputs/],
    [{ pads: [2 ** 31, 0, 0, 0] as const, out: new Int32Array(4) }, /geometry/],
    [{ pads: [2 ** 30, 0, 0, 0] as const, out: new Int32Array(4) }, /2\^28 positions/],
    [{ strides: [1.5, 1] as const }, /geometry/],
    [{ size: [1, 3, 2] as const }, /input: expected at least 6 elements, found 4/],
    [{ zeroPoint: 256 }, /input_zero_point/],
    [{ out: new Int32Array(5) }, /out: expected 4 elements, found 5/],
  ])('refuses %o', (change, message) => {
    expect(() => call(new Uint8Array(4), change)).toThrowError(message);
  });
});
