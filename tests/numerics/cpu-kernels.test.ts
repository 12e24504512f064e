import { requantizationMultipliers } from '@octavo/core/quant';
import { float32, fromNumbers, Tensor, toNumbers } from '@octavo/core/tensor';
import { conv2d, matmul, matmulInteger, packConv2d, packWeights } from '@octavo/cpu';
import { expect, it } from 'vitest';
import { describeWithAddon } from '../../packages/cpu/tests/addon.js';
import { runNode } from './run-onnxruntime.js';

type Byte = 'int8' | 'uint8';

function integers(length: number, seed: number, low: number, high: number): number[] {
  let state = seed;
  return Array.from({ length }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return low + Math.floor((state / 2 ** 32) * (high - low + 1));
  });
}

/** onnxruntime saturates u8 x s8 products on x64 CPUs without VNNI: weights stay within [-64, 64]. */
function weightsOf(dtype: Byte, length: number): number[] {
  return dtype === 'int8' ? integers(length, 5, -64, 64) : integers(length, 5, 0, 128);
}

const bytesOf = (dtype: Byte, values: readonly number[]) =>
  dtype === 'int8' ? Int8Array.from(values) : Uint8Array.from(values);

function activationsOf(dtype: Byte, length: number): number[] {
  return dtype === 'int8' ? integers(length, 9, -128, 127) : integers(length, 9, 0, 255);
}

const [m, k, n] = [13, 70, 66];

describeWithAddon('the CPU kernels have the bits of onnxruntime', () => {
  it.each([
    ['uint8', 'int8'],
    ['int8', 'int8'],
    ['uint8', 'uint8'],
    ['int8', 'uint8'],
  ] as const)('in MatMulInteger of %s and %s with zero points', async (left, right) => {
    const a = activationsOf(left, m * k);
    const w = weightsOf(right, k * n);
    const weightZeroPoints = weightsOf(right, n);
    const expected = await runNode(
      { op: 'MatMulInteger' },
      [
        fromNumbers(left, [m, k], a),
        fromNumbers(right, [k, n], w),
        fromNumbers(left, [], [11]),
        fromNumbers(right, [n], weightZeroPoints),
      ],
      'int32',
      21,
      [m, n],
    );
    using packed = packWeights({
      data: bytesOf(right, w),
      k,
      n,
      zeroPoints: Int32Array.from(weightZeroPoints),
    });
    const found = matmulInteger({ a: bytesOf(left, a), m, zeroPoints: 11, packed });
    expect([...found]).toEqual([...toNumbers(expected)]);
  });

  it.each(['uint8', 'int8'] as const)(
    'in QLinearMatMul of %s with a scale for each column',
    async (dtype) => {
      const a = activationsOf(dtype, m * k);
      const w = weightsOf('int8', k * n);
      const [sx, sy] = [Math.fround(0.021), Math.fround(0.37)];
      const [zx, zy] = dtype === 'uint8' ? [117, 130] : [-11, 2];
      const scales = Float32Array.from(integers(n, 3, 1, 1000), (value) => value * 1e-5);
      const expected = await runNode(
        { op: 'QLinearMatMul' },
        [
          fromNumbers(dtype, [m, k], a),
          float32([sx], []),
          fromNumbers(dtype, [], [zx]),
          fromNumbers('int8', [k, n], w),
          float32(scales),
          fromNumbers('int8', [n], new Array(n).fill(0)),
          float32([sy], []),
          fromNumbers(dtype, [], [zy]),
        ],
        dtype,
        21,
        [m, n],
      );
      using packed = packWeights({ data: bytesOf('int8', w), k, n });
      const multipliers = requantizationMultipliers(sx, scales, sy);
      const epilogue = { output: dtype, scales: multipliers, zeroPoint: zy } as const;
      const found = matmul({ a: bytesOf(dtype, a), m, zeroPoints: zx, packed, epilogue });
      expect([...found]).toEqual([...toNumbers(expected)]);
    },
  );

  it.each([
    ['dense', 1, 8, 12],
    ['grouped', 2, 4, 6],
    ['depthwise', 8, 1, 8],
  ] as const)('in a %s QLinearConv with bias', async (_, group, groupChannels, outputs) => {
    const [batch, height, width] = [2, 9, 10];
    const channels = group * groupChannels;
    const x = activationsOf('uint8', batch * channels * height * width);
    const w = weightsOf('int8', outputs * groupChannels * 9);
    const bias = Int32Array.from(integers(outputs, 7, -9000, 9000));
    const scales = Float32Array.from(integers(outputs, 3, 1, 1000), (value) => value * 1e-5);
    const [sx, sy, zx, zy] = [Math.fround(0.021), Math.fround(0.05), 117, 130];
    const expected = await runNode(
      { op: 'QLinearConv', attributes: { group } },
      [
        fromNumbers('uint8', [batch, channels, height, width], x),
        float32([sx], []),
        fromNumbers('uint8', [], [zx]),
        fromNumbers('int8', [outputs, groupChannels, 3, 3], w),
        float32(scales),
        fromNumbers('int8', [outputs], new Array(outputs).fill(0)),
        float32([sy], []),
        fromNumbers('uint8', [], [zy]),
        new Tensor('int32', [outputs], bias),
      ],
      'uint8',
      21,
      [batch, outputs, height - 2, width - 2],
    );
    using packed = packConv2d({
      data: bytesOf('int8', w),
      shape: [outputs, groupChannels, 3, 3],
      groups: group,
    });
    const multipliers = requantizationMultipliers(sx, scales, sy);
    const found = conv2d({
      input: Uint8Array.from(x),
      size: [batch, height, width],
      packed,
      zeroPoint: zx,
      epilogue: { output: 'uint8', bias, scales: multipliers, zeroPoint: zy },
    });
    expect([...found]).toEqual([...toNumbers(expected)]);
  });
});
