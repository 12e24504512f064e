import { type QuantizedType, quantize } from '@octavo/core/quant';
import { float32, fromNumbers, toNumbers } from '@octavo/core/tensor';
import { describe, expect, it } from 'vitest';
import { castTensor } from './cast.js';
import { planImages } from './images/image-plan.js';
import { imageTensor } from './images/image-tensor.js';

const TYPE: QuantizedType = {
  storage: 'uint8',
  expressed: 'float32',
  granularity: { kind: 'per-tensor' },
  symmetric: false,
  scales: Float32Array.of(0.5),
  zeroPoints: Int32Array.of(10),
};

const input = {
  name: 'x',
  dtype: 'uint8',
  quantize: (reals: ReturnType<typeof float32>) => quantize(reals, TYPE),
} as const;

describe('data for a quantized input', () => {
  it('are quantized where they are floats, and its own where they are integers', () => {
    const reals = float32([-1, 0, 0.5, 300]);
    expect([...toNumbers(castTensor(reals, input, 'x'))]).toEqual([8, 10, 11, 255]);
    expect([...toNumbers(castTensor(fromNumbers('float64', [2], [3, -2]), input, 'x'))]).toEqual([16, 6]);
    for (const dtype of ['int64', 'int32', 'uint16'] as const) {
      const own = castTensor(fromNumbers(dtype, [2], [3, 255]), input, 'x');
      expect([own.dtype, ...toNumbers(own)]).toEqual(['uint8', 3, 255]);
      expect(() => castTensor(fromNumbers(dtype, [2], [3, 256]), input, 'x')).toThrow(
        /element 256.*the model's own, from 0 to 255: save real numbers as float32/,
      );
    }
    const stored = fromNumbers('uint8', [2], [3, 4]);
    expect(castTensor(stored, input, 'x')).toBe(stored);
  });

  it('are refused where no scale is known, with what to do', () => {
    expect(() => castTensor(float32([0.5]), { dtype: 'uint8' }, 'rows.npz: x')).toThrow(
      /rows\.npz: x: .*element 0\.5.*whole numbers from 0 to 255.*no scale/,
    );
  });

  it('are pixels as they are, or real numbers made of them', () => {
    const pixels = { width: 1, height: 1, channels: 3, data: Uint8Array.of(0, 4, 255) };
    const spec = { ...input, shape: [1, 3, 1, 1] };
    const numbers = (preprocess: object, dtype: 'uint8' | 'int8' = 'uint8') => [
      ...toNumbers(imageTensor(pixels, planImages([{ ...spec, dtype }], preprocess, 'f'), 'f')),
    ];
    expect(numbers({})).toEqual([0, 4, 255]);
    expect(numbers({ scale: 0.25 })).toEqual([10, 12, 138]);
    expect(numbers({}, 'int8')).toEqual([10, 18, 255]);
  });
});
