import { cloneModel, type Model } from '@octavo/core/ir';
import { ErrorMeasure } from '@octavo/core/quant';
import { float32, type Storage, StoredTensor, toNumbers } from '@octavo/core/tensor';
import type { NamedTensors } from '@octavo/runtime';
import { describe, expect, it } from 'vitest';
import {
  codeOf,
  feedsOf,
  modelOf,
  normals,
  quantize,
  runOnOnnxRuntime,
  runOnReference,
  sqnrOf,
  weights,
} from '../tests/run-models.js';
import { packNBits } from './pack-nbits.js';
import { quantizeModel } from './quantize.js';
import type { Recipe } from './recipe.js';
import type { QuantizationReport } from './report.js';

const K = 40;
const N = 33;

/** A MatMul and a Gemm with transposed weights, both with K not a multiple of the block. */
const NETWORK = `graph opset 17 {
  input %x: float32[3, ${K}]
  ${weights('w', [K, N], 1, K)}
  ${weights('g', [50, N], 2, N)}
  ${weights('b', [50], 3, 4)}
  %h = MatMul(%x, %w) @matmul
  %y = Gemm(%h, %g, %b) {transB=1} @gemm
  output %y
}`;

const weightOnly = (changes: Partial<Recipe> = {}): Partial<Recipe> => ({ mode: 'weight-only', ...changes });

/** Weights [K, N] that MatMulNBits operands stand for, by its definition, element by element. */
function unpackNBits(
  operands: {
    packed: ArrayLike<number>;
    scales: ArrayLike<number>;
    zeroPoints?: ArrayLike<number> | undefined;
  },
  rows: number,
  columns: number,
  bits: number,
  block: number,
): number[] {
  const blocks = Math.ceil(rows / block);
  const field = (bytes: ArrayLike<number>, index: number, rowBytes: number, row: number): number =>
    bits === 8
      ? (bytes[row * rowBytes + index] ?? 0)
      : ((bytes[row * rowBytes + (index >> 1)] ?? 0) >> (index % 2 ? 4 : 0)) & 15;
  return Array.from({ length: rows * columns }, (_, i) => {
    const [k, n] = [Math.floor(i / columns), i % columns];
    const b = Math.floor(k / block);
    const q = field(operands.packed, k, (blocks * block * bits) / 8, n);
    const zero = operands.zeroPoints
      ? field(operands.zeroPoints, b, Math.ceil((blocks * bits) / 8), n)
      : 2 ** (bits - 1);
    return Math.fround((q - zero) * (operands.scales[n * blocks + b] ?? 0));
  });
}

describe('packNBits', () => {
  const cases = ([4, 8] as const).flatMap((bits) => [true, false].map((symmetric) => ({ bits, symmetric })));

  it.each(cases)('packs $bits bits, symmetric $symmetric, within half a step of each weight', (options) => {
    const values = normals(K * N, 5).map((value) => value + 0.3);
    const made = packNBits(values, { ...options, rows: K, columns: N, blockSize: 16 });
    expect(made.packed.length).toBe((N * 48 * options.bits) / 8);
    expect(made.zeroPoints?.length).toBe(
      options.symmetric ? undefined : N * Math.ceil((3 * options.bits) / 8),
    );
    const back = unpackNBits(made, K, N, options.bits, 16);
    back.forEach((value, i) => {
      const scale = made.scales[(i % N) * 3 + Math.floor(i / N / 16)] ?? 0;
      expect(Math.abs(value - (values[i] ?? 0))).toBeLessThanOrEqual(
        scale * (options.symmetric ? 0.501 : 1.001),
      );
    });
  });

  it('pads a short last block with the zero point, so that padding means 0', () => {
    const { packed, zeroPoints } = packNBits(Float32Array.of(1, 2, 3), {
      rows: 3,
      columns: 1,
      bits: 4,
      blockSize: 16,
      symmetric: false,
    });
    const zero = zeroPoints?.[0] ?? 0;
    expect((packed[1] ?? 0) >> 4).toBe(zero & 15);
    expect([...packed.slice(2)]).toEqual(new Array(6).fill((zero & 15) * 17));
  });
});

describe('weight-only quantization as MatMulNBits', () => {
  const cases = (['int4', 'uint4', 'int8', 'uint8'] as const).flatMap((each) =>
    [16, 32, 128].map((blockSize) => ({ weights: each, blockSize })),
  );

  it.each(cases)(
    'multiplies with the weights that its bytes stand for: $weights, block $blockSize',
    async (recipe) => {
      const source = modelOf(NETWORK);
      const { model } = await quantize(source, weightOnly({ ...recipe, rounding: 'nearest' }));
      const unpacked = await withUnpackedWeights(source, model, recipe);
      const feeds = feedsOf(source.graph, 1);
      const expected = await runOnReference(unpacked, feeds);
      expect(sqnrOf(expected, await runOnReference(model, feeds))).toBeGreaterThan(110);
      expect(sqnrOf(expected, await runOnOnnxRuntime(model, feeds))).toBeGreaterThan(110);
      const least = recipe.weights.endsWith('8') ? 38 : 15;
      expect(sqnrOf(await runOnReference(source, feeds), expected)).toBeGreaterThan(least);
      expect(model.graph.outputs.map((value) => value.name)).toEqual(['y']);
    },
  );

  it('shares the packed weights of layers that share a weight', async () => {
    const { model } = await quantize(
      modelOf(`graph opset 17 {
      input %x: float32[2, 32]
      ${weights('w', [32, 32], 1, 32)}
      %a = MatMul(%x, %w) @a
      %y = MatMul(%a, %w) @b
      output %y
    }`),
      weightOnly(),
    );
    expect(model.graph.initializers.map((value) => value.name)).toEqual(['w_packed', 'w_scales']);
  });

  it('leaves small and convolution weights float and says so', async () => {
    const { report } = await quantize(
      modelOf(`graph opset 17 {
      input %x: float32[1, 2, 8, 8]
      ${weights('c', [2, 2, 3, 3], 1, 18)}
      ${weights('w', [6, 6], 2, 6)}
      ${weights('v', [6, 200], 3, 6)}
      %a = Conv(%x, %c) @conv
      %b = MatMul(%a, %w) @small
      %y = MatMul(%b, %v) @large
      output %y
    }`),
      weightOnly(),
    );
    expect(report.decisions.map((each) => `${each.node}: ${each.because}`)).toEqual([
      'conv: Conv weights of rank 4 stay float; blocks cover matrices',
      'small: only 36 weights',
      'large: int8 weights in blocks of 32',
    ]);
  });
});

describe('weight-only quantization as blocked DequantizeLinear', () => {
  it.each(['int4', 'uint4', 'int8', 'uint8'] as const)('loads and runs in onnxruntime: %s', async (each) => {
    const source = modelOf(NETWORK);
    const { model } = await quantize(source, weightOnly({ weights: each, weightOnlyFormat: 'qdq' }));
    expect(model.graph.opset).toBe(21);
    const feeds = feedsOf(source.graph, 1);
    const ours = await runOnReference(model, feeds);
    expect(sqnrOf(await runOnReference(source, feeds), ours)).toBeGreaterThan(each.endsWith('8') ? 38 : 15);
    // Above `basic`, onnxruntime turns the pair into a MatMulNBits that quantizes activations.
    expect(sqnrOf(await runOnOnnxRuntime(model, feeds, { optimization: 'basic' }), ours)).toBeGreaterThan(
      110,
    );
    expect(sqnrOf(await runOnOnnxRuntime(model, feeds), ours)).toBeGreaterThan(25);
  });
});

describe('the rounding of weight-only layers', () => {
  const roundings = (report: QuantizationReport): string[] => report.decisions.map(({ because }) => because);
  const blocks = 'asymmetric int4 weights in blocks of 32';

  it('learns from samples where there are some and weights have fewer than 8 bits', async () => {
    const { report } = await quantize(modelOf(NETWORK), weightOnly({ weights: 'int4' }));
    expect(roundings(report)).toEqual([`${blocks}, rounded by gptq`, `${blocks}, rounded by gptq`]);
    expect(report.samples).toBe(8);
    const eight = await quantize(modelOf(NETWORK), weightOnly({ weights: 'int8' }));
    expect(roundings(eight.report)).toEqual(['int8 weights in blocks of 32', 'int8 weights in blocks of 32']);
    const { report: none } = await quantizeModel(modelOf(NETWORK), {
      recipe: weightOnly({ weights: 'int4' }),
    });
    expect(roundings(none)).toEqual([blocks, blocks]);
  });

  it.each(['matmulnbits', 'qdq'] as const)(
    'changes what the model gives far less by gptq: %s',
    async (format) => {
      const source = modelOf(NETWORK);
      const samples = Array.from({ length: 200 }, (_, i) => ({
        feeds: correlated(feedsOf(source.graph, i)),
      }));
      const error = async (rounding: 'gptq' | 'nearest'): Promise<number> => {
        const recipe = weightOnly({ weights: 'uint4', weightOnlyFormat: format, rounding });
        const { model } = await quantize(source, recipe, { calibration: samples.slice(0, 150) });
        const measure = new ErrorMeasure();
        for (const { feeds } of samples.slice(150)) {
          const [a, b] = [await runOnReference(source, feeds), await runOnReference(model, feeds)];
          if (a['y'] && b['y']) measure.add(toNumbers(a['y']), toNumbers(b['y']));
        }
        return measure.read().sqnr;
      };
      expect(await error('gptq')).toBeGreaterThan((await error('nearest')) + 2);
    },
  );

  it('gives each of two layers over one weight integers of its own precision', async () => {
    const source = modelOf(`graph opset 17 {
      input %x: float32[2, 32]
      ${weights('w', [32, 32], 1, 32)}
      %a = MatMul(%x, %w) @a
      %y = MatMul(%a, %w) @b
      output %y
    }`);
    const layers = [{ nodes: ['b'], weights: { dtype: 'uint8' } }] as const;
    const { model } = await quantize(source, weightOnly({ weights: 'uint4', layers }));
    const feeds = feedsOf(source.graph, 1);
    const expected = await runOnReference(source, feeds);
    expect(sqnrOf(expected, await runOnReference(model, feeds))).toBeGreaterThan(15);
    expect(sqnrOf(expected, await runOnOnnxRuntime(model, feeds))).toBeGreaterThan(15);
  });

  it('refuses to learn without samples, and from samples that are not finite', async () => {
    const recipe = weightOnly({ weights: 'int4', rounding: 'gptq' });
    expect(await codeOf(quantizeModel(modelOf(NETWORK), { recipe }))).toBe('CALIBRATION_MISSING');
    expect(await codeOf(quantize(modelOf(NETWORK), recipe, { calibration: [] }))).toBe('CALIBRATION_MISSING');
    const feeds = { x: float32(new Array(120).fill(Number.NaN), [3, 40]) };
    const error = quantize(modelOf(NETWORK), recipe, { calibration: [{ id: 'broken', feeds }] });
    await expect(error).rejects.toThrow(/broken, tensor x/);
    expect(await codeOf(error)).toBe('CALIBRATION_NAN');
  });

  it('gives equal bytes in every run', async () => {
    const bytes = async (): Promise<unknown[]> => {
      const { model } = await quantize(modelOf(NETWORK), weightOnly({ weights: 'uint4' }));
      return Promise.all(
        model.graph.initializers.map(async ({ constant }) => (await constant?.load())?.bytes),
      );
    };
    expect(await bytes()).toEqual(await bytes());
  });
});

/** Rows whose neighbours are alike, as the inputs of real layers are. */
function correlated(feeds: NamedTensors): NamedTensors {
  return Object.fromEntries(
    Object.entries(feeds).map(([name, tensor]) => {
      let last = 0;
      const width = tensor.shape.at(-1) ?? 1;
      const values = Array.from(
        toNumbers(tensor),
        (value, i) => (last = value + (i % width ? 0.9 * last : 0)),
      );
      return [name, float32(values, tensor.shape)];
    }),
  );
}

describe('the tensors of a weight-only model', () => {
  it('read each weight once for all of a layer, when they are read themselves', async () => {
    const source = modelOf(NETWORK);
    const reads = new Map<string, number>();
    for (const value of source.graph.initializers) {
      if (value.constant)
        value.constant = counting(value.constant, () =>
          reads.set(value.name, (reads.get(value.name) ?? 0) + 1),
        );
    }
    const { model } = await quantize(source, weightOnly({ weights: 'uint4', rounding: 'nearest' }));
    expect(reads.get('w')).toBeUndefined();
    for (const value of model.graph.initializers) await value.constant?.load();
    expect([reads.get('w'), reads.get('g')]).toEqual([1, 1]);
  });

  it('hold no weight while none is read: a layer is dropped when the next is computed', async () => {
    const { model } = await quantize(modelOf(NETWORK), weightOnly({ rounding: 'nearest' }));
    const [first] = model.graph.initializers;
    expect(
      model.graph.initializers
        .filter((value) => value.name !== 'b')
        .every((value) => !value.constant?.storage.resident),
    ).toBe(true);
    const one = await first?.constant?.load();
    for (const value of model.graph.initializers) await value.constant?.load();
    expect(await first?.constant?.load()).toEqual(one);
  });

  it('name the node whose weights are not finite', async () => {
    const source = modelOf(
      NETWORK.replace('%w: float32[40, 33] = [', '%w: float32[40, 33] = [nan, ').replace(
        /(%w: .*), [^,]*\]$/m,
        '$1]',
      ),
    );
    const { model } = await quantize(source, weightOnly({ rounding: 'nearest' }));
    expect(await codeOf(Promise.all(model.graph.initializers.map((value) => value.constant?.load())))).toBe(
      'WEIGHTS_NOT_FINITE',
    );
  });
});

/** The source model with the weights that the quantized model's packed bytes stand for. */
async function withUnpackedWeights(
  source: Model,
  quantized: Model,
  recipe: { readonly weights: string; readonly blockSize: number },
): Promise<Model> {
  const bits = recipe.weights.endsWith('8') ? 8 : 4;
  const load = async (name: string): Promise<ArrayLike<number> | undefined> => {
    const tensor = await quantized.graph.value(name)?.constant?.load();
    return tensor && toNumbers(tensor);
  };
  const unpack = async (name: string, rows: number, columns: number): Promise<number[]> => {
    const [packed, scales, zeroPoints] = [
      await load(`${name}_packed`),
      await load(`${name}_scales`),
      await load(`${name}_zero_points`),
    ];
    if (!packed || !scales) throw new Error(`${name} was not packed`);
    return unpackNBits({ packed, scales, zeroPoints }, rows, columns, bits, recipe.blockSize);
  };
  const model = cloneModel(source);
  const replace = (name: string, values: number[], shape: number[]): void => {
    const value = model.graph.value(name);
    if (value) value.constant = StoredTensor.of(float32(values, shape));
  };
  replace('w', await unpack('w', K, N), [K, N]);
  const g = await unpack('g', N, 50);
  replace(
    'g',
    Array.from(g, (_, i) => g[(i % N) * 50 + Math.floor(i / N)] ?? 0),
    [50, N],
  );
  return model;
}

/** The same tensor, not in memory; `onRead` is called for each whole read. */
function counting(source: StoredTensor, onRead: () => void): StoredTensor {
  const storage: Storage = {
    byteLength: source.byteLength,
    read: (offset, length) => {
      onRead();
      return source.storage.read(offset, length);
    },
  };
  return new StoredTensor(source.dtype, source.shape, storage);
}
