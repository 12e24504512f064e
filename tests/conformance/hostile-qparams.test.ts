import {
  ConvInteger,
  createModel,
  MatMulInteger,
  parse,
  QGemm,
  QLinearAdd,
  QLinearConv,
  QLinearMatMul,
  QLinearMul,
  type Value,
} from '@octavo/core/ir';
import { float32, fromNumbers, type Tensor } from '@octavo/core/tensor';
import { encodeModel } from '@octavo/formats';
import { reference } from '@octavo/reference';
import { createSession } from '@octavo/runtime';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { runBoth, runNative, runOnnxruntime, type Trial, trial } from './both-runtimes.js';
import { integersIn, seed } from './random-tensors.js';

type Byte = 'int8' | 'uint8';

const RANGES: Readonly<Record<Byte, readonly [number, number]>> = { int8: [-128, 127], uint8: [0, 255] };
const RUNS = { numRuns: 40 };

const dtypes = fc.constantFrom<Byte>('int8', 'uint8');
/** From the subnormal to the largest: quotients of products of two become 0 and infinite. */
const scale = fc.constantFrom(1e-40, 2 ** -126, 1e-30, 1e-10, 1e-3, 1, 1e10, 1e30, 3e38);
const scales = fc.array(scale, { minLength: 9, maxLength: 9 });
/** The least and the largest integer of a type. */
const end = fc.constantFrom(0, 1);
const size = fc.integer({ min: 1, max: 9 });

const one = (value: number) => float32([value], []);
const bytes = (dtype: Byte, shape: readonly number[], start: number) =>
  integersIn(dtype, shape, start, ...RANGES[dtype]);
const atEnd = (dtype: Byte, which: number, count?: number) =>
  fromNumbers(dtype, count === undefined ? [] : [count], new Array(count ?? 1).fill(RANGES[dtype][which]));
/** In [-64, 64]: onnxruntime saturates larger products on x64 processors without VNNI. */
const weights = (shape: readonly number[], start: number) => integersIn('int8', shape, start, -64, 64);
const biases = (count: number, start: number) => integersIn('int32', [count], start, -2e9, 2e9);

const contentOf = ({ dtype, shape, data }: Tensor) => ({ dtype, shape, data });

interface Expected {
  /** Whether native kernels run all of it (default). */
  readonly isNative?: boolean;
  /** Whether the bits are onnxruntime's too (default). */
  readonly asOnnxruntime?: boolean;
}

/** Expects sessions on the CPU backend to have the bits of the reference, and both those of onnxruntime. */
async function expectSameBits(
  build: (trial: Trial) => readonly (Value | undefined)[],
  { isNative = true, asOnnxruntime = true }: Expected = {},
): Promise<void> {
  const each = trial(build);
  const { ours, theirs } = await runBoth(each);
  const { native, elsewhere } = await runNative(each.graph, each.feeds);
  expect(elsewhere.length === 0).toBe(isNative);
  expect(native.map(contentOf)).toEqual(ours.map(contentOf));
  if (asOnnxruntime) expect(ours.map(contentOf)).toEqual(theirs.map(contentOf));
}

describe('with zero points at the ends and scales of any size, all backends agree on', () => {
  const product = fc.record({
    dtype: dtypes,
    a: scale,
    b: scales,
    y: scale,
    ends: fc.tuple(end, end),
    m: size,
    k: size,
    n: size,
    perColumn: fc.boolean(),
    start: seed,
  });

  /** The CPU backend leaves products to the reference whose multipliers are infinite. */
  const finite = (a: number, b: readonly number[], y: number): Expected => {
    const products = b.map((each) => Math.fround(Math.fround(a) * Math.fround(each)));
    const quotients = products.map((each) => Math.fround(each / Math.fround(y)));
    return { isNative: [...products, ...quotients].every(Number.isFinite) };
  };

  it('QLinearMatMul and QGemm', async () => {
    await fc.assert(
      fc.asyncProperty(product, ({ dtype, a, b, y, ends: [za, zy], m, k, n, perColumn, start }) => {
        const bScales = b.slice(0, perColumn ? n : 1);
        return expectSameBits(
          ({ graph, input, constant }) => {
            const left = input(bytes(dtype, [m, k], start));
            const right = constant(weights([k, n], start + 1));
            const qparams = {
              a_scale: constant(one(a)),
              a_zero_point: constant(atEnd(dtype, za)),
              b_scale: constant(float32(bScales)),
              b_zero_point: constant(fromNumbers('int8', [bScales.length], new Int8Array(bScales.length))),
            };
            const result = { y_scale: constant(one(y)), y_zero_point: constant(atEnd(dtype, zy)) };
            const gemm = { A: left, B: right, ...qparams, C: constant(biases(n, start + 2)) };
            return [
              graph.emit(QLinearMatMul, { a: left, b: right, ...qparams, ...result }).output,
              graph.emit(QGemm, { ...gemm, ...result }).output,
              graph.emit(QGemm, gemm).output,
            ];
          },
          finite(a, bScales, y),
        );
      }),
      RUNS,
    );
  });

  it('QLinearConv', async () => {
    await fc.assert(
      fc.asyncProperty(product, ({ dtype, a, b, y, ends: [za, zy], m, perColumn, start }) => {
        const wScales = b.slice(0, perColumn ? m : 1);
        return expectSameBits(
          ({ graph, input, constant }) => {
            const operands = {
              x: input(bytes(dtype, [1, 3, 6, 5], start)),
              x_scale: constant(one(a)),
              x_zero_point: constant(atEnd(dtype, za)),
              w: constant(weights([m, 3, 3, 3], start + 1)),
              w_scale: constant(float32(wScales)),
              w_zero_point: constant(fromNumbers('int8', [wScales.length], new Int8Array(wScales.length))),
              y_scale: constant(one(y)),
              y_zero_point: constant(atEnd(dtype, zy)),
              B: constant(biases(m, start + 2)),
            };
            return graph.emit(QLinearConv, operands, { pads: [1, 1, 1, 1] }).outputs;
          },
          finite(a, wScales, y),
        );
      }),
      RUNS,
    );
  });

  it('MatMulInteger and ConvInteger', async () => {
    await fc.assert(
      fc.asyncProperty(product, ({ dtype, ends: [zx, zw], m, k, n, perColumn, start }) =>
        expectSameBits(({ graph, input, constant }) => {
          const b = dtype === 'int8' ? weights([k, n], start + 1) : integersIn('uint8', [k, n], start, 0, 64);
          const matrices = {
            A: input(bytes('uint8', [m, k], start)),
            B: constant(b),
            a_zero_point: constant(atEnd('uint8', zx)),
            b_zero_point: constant(atEnd(dtype, zw, perColumn ? n : undefined)),
          };
          const images = {
            x: input(bytes('uint8', [1, 2, 5, 4], start)),
            w: constant(integersIn('uint8', [3, 2, 2, 3], start + 1, 0, 64)),
            x_zero_point: constant(atEnd('uint8', zx)),
            w_zero_point: constant(atEnd('uint8', zw)),
          };
          return [
            graph.emit(MatMulInteger, matrices).output,
            graph.emit(ConvInteger, images, { pads: [1, 0, 1, 1] }).output,
          ];
        }),
      ),
      RUNS,
    );
  });

  /** Whether all sums stay below 2^31: onnxruntime makes the least integer of larger ones, where we saturate. */
  const convertible = (...multipliers: readonly number[]) =>
    multipliers.reduce((sum, each) => sum + Math.fround(each), 0) * 2 ** 17 < 2 ** 31;

  it.each([
    ['QLinearAdd', QLinearAdd, (a: number, b: number, c: number) => convertible(a / c, b / c)],
    ['QLinearMul', QLinearMul, (a: number, b: number, c: number) => convertible(Math.fround(a * b) / c)],
  ])('%s', async (_, op, isConvertible) => {
    const kinds = { exact: 0, saturated: 0 };
    await fc.assert(
      fc.asyncProperty(dtypes, fc.tuple(scale, scale, scale), fc.tuple(end, end, end), seed, (...drawn) => {
        const [dtype, [a, b, c], [za, zb, zc], start] = drawn;
        const asOnnxruntime = isConvertible(...([a, b, c].map(Math.fround) as [number, number, number]));
        kinds[asOnnxruntime ? 'exact' : 'saturated']++;
        return expectSameBits(
          ({ graph, input, constant }) =>
            graph.emit(op, {
              A: input(bytes(dtype, [3, 50], start)),
              A_scale: constant(one(a)),
              A_zero_point: constant(atEnd(dtype, za)),
              B: input(bytes(dtype, [50], start + 1)),
              B_scale: constant(one(b)),
              B_zero_point: constant(atEnd(dtype, zb)),
              C_scale: constant(one(c)),
              C_zero_point: constant(atEnd(dtype, zc)),
            }).outputs,
          { asOnnxruntime },
        );
      }),
      { numRuns: 100 },
    );
    expect(kinds.exact).toBeGreaterThan(9);
    expect(kinds.saturated).toBeGreaterThan(9);
  });
});

describe('qparams for another number of channels are refused, as by onnxruntime:', () => {
  const QPARAMS = `
    const %s: float32[] = 0.5
    const %z: uint8[] = 3
    const %s3: float32[3] = [1, 2, 3]
    const %z3: uint8[3] = [1, 2, 3]
    const %zi3: int8[3] = [0, 0, 0]`;
  const MATRICES = `
    input %x: uint8[1, 2]
    const %w: uint8[2, 2] = [1, 2, 3, 4]`;
  const IMAGES = `
    input %x: uint8[1, 1, 2, 2]
    const %w: int8[2, 1, 1, 1] = [1, 2]
    const %zi: int8[] = 0`;
  it.each([
    [MATRICES, '%y: uint8[1, 2] = QLinearMatMul(%x, %s, %z, %w, %s3, %z3, %s, %z)', [1, 2]],
    [MATRICES, '%y: uint8[1, 2] = QLinearMatMul(%x, %s, %z, %w, %s, %z, %s3, %z3)', [1, 2]],
    [MATRICES, '%y: int32[1, 2] = MatMulInteger(%x, %w, %z, %z3)', [1, 2]],
    [IMAGES, '%y: uint8[1, 2, 2, 2] = QLinearConv(%x, %s, %z, %w, %s3, %zi3, %s, %z)', [1, 1, 2, 2]],
    [IMAGES, '%y: uint8[1, 2, 2, 2] = QLinearConv(%x, %s3, %z3, %w, %s, %zi, %s, %z)', [1, 1, 2, 2]],
    [IMAGES, '%y: int32[1, 2, 2, 2] = ConvInteger(%x, %w, %z3, %zi)', [1, 1, 2, 2]],
  ])('%#', async (operands, node, shape) => {
    const graph = parse(`graph opset 21 {${QPARAMS}${operands}\n${node}\noutput %y\n}`);
    const feed = fromNumbers('uint8', shape, new Uint8Array(shape.reduce((a, b) => a * b)));
    await expect(runOnnxruntime(encodeModel(createModel(graph)), graph, [feed])).rejects.toThrow();
    await expect(createSession(createModel(graph), { backends: [reference()] })).rejects.toMatchObject({
      code: 'INFER_TYPES',
      fault: expect.stringMatching(/has 3 elements; it takes one/),
    });
  });
});
