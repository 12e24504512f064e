import {
  dequantize,
  dynamicQparams,
  type Granularity,
  type QuantizedType,
  qlinearAdd,
  qlinearAddConstants,
  qlinearMul,
  qlinearMulConstants,
  quantize,
  requantizationMultipliers,
  requantize,
  type StorageDType,
} from '@octavo/core/quant';
import {
  type FloatDType,
  float32,
  fromNumbers,
  type NumberArray,
  type Shape,
  Tensor,
  toNumbers,
} from '@octavo/core/tensor';
import { describe, expect, it } from 'vitest';
import { runGraph, runNode } from './run-onnxruntime.js';

function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state ^ (state >>> 15), 0x2c1b3c6d) + 0x9e3779b9) >>> 0;
    return ((state ^ (state >>> 13)) >>> 0) / 2 ** 32;
  };
}

const bits = (tensor: Tensor) => [...tensor.bytes];
const scalar = (value: number) => float32([value], []);

function typeOf(
  storage: StorageDType,
  scales: number[],
  zeroPoints: number[],
  granularity: Granularity = { kind: 'per-tensor' },
  expressed: FloatDType = 'float32',
): QuantizedType {
  return {
    storage,
    expressed,
    granularity,
    symmetric: false,
    scales: Float32Array.from(scales),
    zeroPoints: Int32Array.from(zeroPoints),
  };
}

/** Scale and zero point tensors as the ONNX ops take them. */
function parameters(type: QuantizedType, shape: Shape): [Tensor, Tensor] {
  return [fromNumbers(type.expressed, shape, type.scales), fromNumbers(type.storage, shape, type.zeroPoints)];
}

/**
 * Halves of steps, values around them, extremes and values no float holds well. Some loops of onnxruntime (blocks along
 * an inner axis, float16) convert to int32 before they clamp and give 0 beyond it: `largest` keeps the extremes within.
 */
function trickyValues(
  scale: number,
  count: number,
  seed: number,
  largest = Number.POSITIVE_INFINITY,
): Float32Array {
  const random = generator(seed);
  const values = Float32Array.from({ length: count }, (_, i) => {
    const half = (Math.floor(random() * 600) - 300 + 0.5) * scale;
    if (i % 3 === 0) return half;
    return i % 3 === 1 ? half * (1 + (random() - 0.5) * 2 ** -22) : (random() - 0.5) * 600 * scale;
  });
  values.set([0, -0, Math.min(1e30, largest), -Math.min(1e30, largest), largest, -largest, 1e-40, -1e-40]);
  return values;
}

describe('QuantizeLinear and DequantizeLinear have the bits of onnxruntime', () => {
  const storages = [
    ['int8', -3],
    ['uint8', 131],
    ['int16', 1000],
    ['uint16', 30000],
  ] as const;

  it.each(storages)('for %s per tensor', async (storage, zeroPoint) => {
    const scale = Math.fround(0.0371);
    const x = float32(trickyValues(scale, 5000, 7));
    const type = typeOf(storage, [scale], [zeroPoint]);
    const q = await runNode({ op: 'QuantizeLinear' }, [x, ...parameters(type, [])], storage);
    expect(bits(quantize(x, type))).toEqual(bits(q));
    const back = await runNode({ op: 'DequantizeLinear' }, [q, ...parameters(type, [])], 'float32');
    expect(bits(dequantize(q, type))).toEqual(bits(back));
  });

  it('for NaN', async () => {
    const x = float32([Number.NaN, 1, Number.NaN]);
    for (const storage of ['int8', 'uint8'] as const) {
      const type = typeOf(storage, [1], [7]);
      const q = await runNode({ op: 'QuantizeLinear' }, [x, ...parameters(type, [])], storage);
      expect(bits(quantize(x, type))).toEqual(bits(q));
    }
  });

  it.each([0, 1, 2])('for int8 along axis %i', async (axis) => {
    const shape = [5, 6, 7];
    const size = shape[axis] ?? 0;
    const scales = Array.from({ length: size }, (_, i) => 0.01 * (i + 1));
    const type = typeOf(
      'int8',
      scales,
      scales.map((_, i) => i - 2),
      { kind: 'per-axis', axis },
    );
    const x = float32(trickyValues(0.01, 210, axis), shape);
    const node = { attributes: { axis } };
    const q = await runNode({ op: 'QuantizeLinear', ...node }, [x, ...parameters(type, [size])], 'int8');
    expect(bits(quantize(x, type))).toEqual(bits(q));
    const back = await runNode(
      { op: 'DequantizeLinear', ...node },
      [q, ...parameters(type, [size])],
      'float32',
    );
    expect(bits(dequantize(q, type))).toEqual(bits(back));
  });

  it.each([
    ['uint8', 0, [2, 10]],
    ['int8', 1, [5, 3]],
    ['int16', 1, [5, 3]],
  ] as const)('for %s in blocks along axis %i', async (storage, axis, groups) => {
    const shape = [5, 10];
    const blockSize = axis === 0 ? 3 : 4;
    const count = groups[0] * groups[1];
    const type = typeOf(
      storage,
      Array.from({ length: count }, (_, i) => 0.01 * (i + 1)),
      Array.from({ length: count }, (_, i) => i),
      { kind: 'per-block', axis, blockSize },
    );
    const x = float32(trickyValues(0.02, 50, 3, 1e6), shape);
    const attributes = { axis, block_size: blockSize };
    const q = await runNode({ op: 'QuantizeLinear', attributes }, [x, ...parameters(type, groups)], storage);
    expect(bits(quantize(x, type))).toEqual(bits(q));
    const back = await runNode(
      { op: 'DequantizeLinear', attributes },
      [q, ...parameters(type, groups)],
      'float32',
    );
    expect(bits(dequantize(q, type))).toEqual(bits(back));
  });

  it.each(['int4', 'uint4'] as const)('for packed %s there and back', async (storage) => {
    const x = float32(trickyValues(0.1, 501, 5));
    const type = typeOf(storage, [0.1], [3]);
    const [scale, zeroPoint] = parameters(type, []);
    const [, wide] = parameters({ ...type, storage: storage === 'int4' ? 'int8' : 'uint8' }, []);
    const cast = storage === 'int4' ? 22 : 21;
    const back = await runGraph(
      [
        { op: 'Cast', inputs: ['wide'], outputs: ['zp'], attributes: { to: cast } },
        { op: 'QuantizeLinear', inputs: ['x', 'scale', 'zp'], outputs: ['q'] },
        { op: 'DequantizeLinear', inputs: ['q', 'scale', 'zp'], outputs: ['y'] },
      ],
      [
        { name: 'x', tensor: x },
        { name: 'scale', tensor: scale },
        { name: 'wide', tensor: wide },
      ],
      { name: 'y', dtype: 'float32', shape: x.shape },
    );
    expect(zeroPoint.dtype).toBe(storage);
    expect(bits(dequantize(quantize(x, type), type))).toEqual(bits(back));
  });

  it('for float16 values and scales', async () => {
    const scale = 0.037109375;
    const x = fromNumbers('float16', [600], trickyValues(scale, 600, 11, 6e4));
    const type = typeOf('uint8', [scale], [100], undefined, 'float16');
    const q = await runNode({ op: 'QuantizeLinear' }, [x, ...parameters(type, [])], 'uint8');
    expect(bits(quantize(x, type))).toEqual(bits(q));
    const back = await runNode({ op: 'DequantizeLinear' }, [q, ...parameters(type, [])], 'float16');
    expect(bits(dequantize(q, type))).toEqual(bits(back));
  });

  it('for int32 biases beyond 2^24', async () => {
    const random = generator(3);
    const values = Int32Array.from({ length: 500 }, () => Math.floor((random() - 0.5) * 2 ** 32));
    const q = new Tensor('int32', [500], values);
    const type = typeOf('int32', [1.7e-5], [0]);
    const back = await runNode({ op: 'DequantizeLinear' }, [q, parameters(type, [])[0]], 'float32');
    expect(bits(dequantize(q, type))).toEqual(bits(back));
  });
});

describe('DynamicQuantizeLinear has the bits of onnxruntime', () => {
  it.each([
    ['both signs', [-1.37, 0.2, 2.71, 0.5]],
    ['positive only', [0.3, 2.1, 7.77]],
    ['negative only', [-0.3, -2.1, -7.77]],
    ['zeros', [0, 0, 0]],
    ['tiny', [1e-30, -3e-31]],
  ])('for %s values', async (_, list) => {
    const random = generator(17);
    const spread = Array.from(
      { length: 300 },
      () => (list[Math.floor(random() * list.length)] ?? 0) * random(),
    );
    const x = float32([...list, ...spread]);
    const dims = [{ name: 'x', tensor: x }];
    const node = { op: 'DynamicQuantizeLinear', inputs: ['x'], outputs: ['q', 's', 'z'] };
    const [q, s, z] = await Promise.all([
      runGraph([node], dims, { name: 'q', dtype: 'uint8', shape: x.shape }),
      runGraph([node], dims, { name: 's', dtype: 'float32', shape: [] }),
      runGraph([node], dims, { name: 'z', dtype: 'uint8', shape: [] }),
    ]);
    const { scale, zeroPoint } = dynamicQparams(x.data);
    expect([scale, zeroPoint]).toEqual([toNumbers(s)[0], toNumbers(z)[0]]);
    expect(bits(quantize(x, typeOf('uint8', [scale], [zeroPoint])))).toEqual(bits(q));
  });
});

describe.each(['uint8', 'int8'] as const)(
  'quantized %s arithmetic has the bits of onnxruntime',
  (storage) => {
    const middle = storage === 'uint8' ? 128 : 0;
    const all = fromNumbers(
      storage,
      [256],
      Array.from({ length: 256 }, (_, i) => i + middle - 128),
    );
    const shape = [256, 256];
    const left = fromNumbers(
      storage,
      shape,
      Array.from({ length: 65536 }, (_, i) => toNumbers(all)[i >> 8] ?? 0),
    );
    const right = fromNumbers(
      storage,
      shape,
      Array.from({ length: 65536 }, (_, i) => toNumbers(all)[i & 255] ?? 0),
    );
    const random = generator(23);
    const cases = Array.from({ length: 8 }, () =>
      Array.from({ length: 3 }, () => ({
        scale: Math.fround(10 ** (random() * 2 - 2)),
        zeroPoint: middle - 128 + Math.floor(random() * 256),
      })),
    );

    it.each(['QLinearAdd', 'QLinearMul'] as const)('in %s for every pair of integers', async (op) => {
      for (const [pa, pb, pc] of cases) {
        if (!pa || !pb || !pc) continue;
        const zero = (value: number) => fromNumbers(storage, [], [value]);
        const y = await runNode(
          { op, domain: 'com.microsoft' },
          [
            left,
            scalar(pa.scale),
            zero(pa.zeroPoint),
            right,
            scalar(pb.scale),
            zero(pb.zeroPoint),
            scalar(pc.scale),
            zero(pc.zeroPoint),
          ],
          storage,
        );
        const [x, z] = [toNumbers(left), toNumbers(right)];
        const own =
          op === 'QLinearAdd'
            ? qlinearAdd(x, z, qlinearAddConstants(pa, pb, pc), storage)
            : qlinearMul(x, z, qlinearMulConstants(pa, pb, pc), storage);
        expect(firstDifference(own, toNumbers(y))).toBeUndefined();
      }
    });

    it('in QLinearMatMul with one weight scale for each column', async () => {
      const [m, k, n] = [37, 50, 41];
      const next = generator(41);
      const x = fromNumbers(
        storage,
        [m, k],
        Array.from({ length: m * k }, () => middle - 128 + Math.floor(next() * 256)),
      );
      const w = fromNumbers(
        'int8',
        [k, n],
        Array.from({ length: k * n }, () => Math.floor(next() * 129) - 64),
      );
      const weightScales = Float32Array.from({ length: n }, () => 0.001 + next() * 0.01);
      const [sx, zx, sy, zy] = [Math.fround(0.021), middle + 5, Math.fround(0.037), middle - 7];
      const y = await runNode(
        { op: 'QLinearMatMul' },
        [
          x,
          scalar(sx),
          fromNumbers(storage, [], [zx]),
          w,
          float32(weightScales),
          fromNumbers('int8', [n], new Array(n).fill(0)),
          scalar(sy),
          fromNumbers(storage, [], [zy]),
        ],
        storage,
        21,
        [m, n],
      );
      const accumulators = matmul(toNumbers(x), zx, toNumbers(w), m, k, n);
      const multipliers = requantizationMultipliers(sx, weightScales, sy);
      const own = requantize(accumulators, [m, n], { multipliers, zeroPoint: zy, storage, axis: 1 });
      expect(firstDifference(own, toNumbers(y))).toBeUndefined();
    });
  },
);

function matmul(
  x: NumberArray,
  zeroPoint: number,
  w: NumberArray,
  m: number,
  k: number,
  n: number,
): Int32Array {
  const out = new Int32Array(m * n);
  for (let i = 0; i < m; i++) {
    for (let j = 0; j < n; j++) {
      let sum = 0;
      for (let l = 0; l < k; l++) sum += ((x[i * k + l] ?? 0) - zeroPoint) * (w[l * n + j] ?? 0);
      out[i * n + j] = sum;
    }
  }
  return out;
}

function firstDifference(own: NumberArray, other: NumberArray): string | undefined {
  if (own.length !== other.length) return `${own.length} and ${other.length} elements`;
  const at = own.findIndex((value, i) => value !== other[i]);
  return at < 0 ? undefined : `element ${at}: ${own[at]}, onnxruntime ${other[at]}`;
}
