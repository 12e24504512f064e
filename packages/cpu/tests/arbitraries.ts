import { qlinearAddConstants } from '@octavo/core/quant';
import fc from 'fast-check';
import type { ByteArray } from '../src/binding.js';
import type { Layout } from '../src/conv2d-geometry.js';
import type { Epilogue } from '../src/epilogue.js';

/** Bytes of either sign, with the extremes often. */
export function bytes(length: number, signed: boolean): fc.Arbitrary<ByteArray> {
  const [min, max] = signed ? [-128, 127] : [0, 255];
  const element = fc.oneof(fc.integer({ min, max }), fc.constantFrom(min, max));
  const exact = { minLength: length, maxLength: length };
  return fc
    .array(element, exact)
    .map((values) => (signed ? Int8Array.from(values) : Uint8Array.from(values)));
}

/** None, one, or `count` zero points of a type. */
export function zeroPoints(count: number, signed: boolean): fc.Arbitrary<Int32Array> {
  const [min, max] = signed ? [-128, 127] : [0, 255];
  return fc
    .constantFrom(0, 1, count)
    .chain((length) => fc.array(fc.integer({ min, max }), { minLength: length, maxLength: length }))
    .map((values) => Int32Array.from(values));
}

/** Multipliers that reach the whole output range; powers of two make ties. */
function scales(count: number): fc.Arbitrary<number | Float32Array> {
  const scale = fc.oneof(
    fc.constantFrom(0.5, 0.25, 2 ** -6, 2 ** -10),
    fc.float({ min: Math.fround(1e-6), max: Math.fround(0.1), noNaN: true }),
  );
  const one = scale.map((value) => Math.fround(value));
  const each = fc
    .array(scale, { minLength: count, maxLength: count })
    .map((values) => Float32Array.from(values));
  return fc.oneof(one, each);
}

function optional<T>(value: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> {
  return fc.option(value, { nil: undefined });
}

function floats(count: number): fc.Arbitrary<Float32Array> {
  const value = fc.float({ min: Math.fround(-100), max: Math.fround(100), noNaN: true });
  return fc.array(value, { minLength: count, maxLength: count }).map((values) => Float32Array.from(values));
}

function biases(count: number): fc.Arbitrary<Int32Array> {
  return fc
    .array(fc.integer(), { minLength: count, maxLength: count })
    .map((values) => Int32Array.from(values));
}

/** Any parameters of two operands and their sum. */
function residuals(outputs: number, clamp: fc.Arbitrary<{ min: number; max: number }>) {
  const qparams = fc.record({
    scale: fc.float({ min: Math.fround(0.01), max: 1, noNaN: true }),
    zeroPoint: fc.integer({ min: 0, max: 127 }),
  });
  return fc.record({
    data: fc.boolean().chain((signed) => bytes(outputs, signed)),
    comesFirst: optional(fc.boolean()),
    constants: fc.tuple(qparams, qparams, qparams).map((all) => qlinearAddConstants(...all)),
    clamp: optional(clamp),
  });
}

/** Any epilogue of `outputs` outputs, for `rows` x `columns` outputs; 0 rows leaves row scales out, as convolutions must. */
export function epilogues(rows: number, columns: number, outputs: number): fc.Arbitrary<Epilogue> {
  const bias = optional(biases(columns));
  const float = fc.record({
    output: fc.constant('float32' as const),
    bias,
    scales: scales(columns),
    rowScales: rows === 0 ? fc.constant(undefined) : optional(floats(rows)),
    floatBias: optional(floats(columns)),
  });
  const quantized = fc.constantFrom('uint8' as const, 'int8' as const).chain((output) => {
    const [min, max] = output === 'uint8' ? [0, 255] : [-128, 127];
    const value = fc.integer({ min, max });
    const clamp = fc.tuple(value, value).map(([a, b]) => ({ min: Math.min(a, b), max: Math.max(a, b) }));
    return fc.record({
      output: fc.constant(output),
      bias,
      scales: scales(columns),
      zeroPoint: value,
      clamp: optional(clamp),
      table: optional(bytes(256, output === 'int8')),
      residual: optional(residuals(outputs, clamp)),
    });
  });
  return fc.oneof(fc.record({ output: fc.constant('int32' as const), bias }), float, quantized);
}

const small = (min: number, max: number) => fc.integer({ min, max });
const layouts = fc.constantFrom<Layout>('NCHW', 'NHWC');

/** The fields of small convolutions, for `fc.record`; every kernel fits within its input. */
export const convolution = {
  batch: small(1, 2),
  size: fc.tuple(small(7, 10), small(7, 10)),
  groups: small(1, 3),
  groupChannels: small(1, 3),
  groupOutputs: small(1, 3),
  kernel: fc.tuple(small(1, 3), small(1, 3)),
  strides: fc.tuple(small(1, 3), small(1, 3)),
  dilations: fc.tuple(small(1, 2), small(1, 2)),
  pads: fc.tuple(small(0, 3), small(0, 3), small(0, 3), small(0, 3)),
  layout: layouts,
  outLayout: layouts,
};
