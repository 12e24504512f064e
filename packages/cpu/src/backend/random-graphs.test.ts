import { type ConformanceCase, runCase } from '@octavo/conformance';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { describeWithAddon } from '../../tests/addon.js';
import { cpu } from './cpu.js';

const small = (min: number, max: number) => fc.integer({ min, max });
const byte = fc.constantFrom<'int8' | 'uint8'>('int8', 'uint8');
/** Integers of weights, with the largest zero point of either sign. */
const LARGEST = { int8: 127, uint8: 127, int4: 7, uint4: 7, int2: 1, uint2: 1 } as const;
const integers = fc.constantFrom<keyof typeof LARGEST>('int8', 'uint8', 'int4', 'uint4', 'int2', 'uint2');

/** Scales of every size and, often, powers of two, which put sums on ties. */
const scale = fc.oneof(
  fc.constantFrom(1, 0.5, 0.25, 2 ** -7),
  fc.double({ min: 0.001, max: 0.1, noNaN: true }).map(Math.fround),
);

/** Quantized values as chains of layers pass them on. */
const activation = fc.record({ dtype: byte, scale, zero: small(0, 127) });

const layer = fc.record({
  channels: small(1, 18),
  kernel: fc.tuple(small(1, 3), small(1, 3)),
  strides: fc.tuple(small(1, 2), small(1, 2)),
  dilations: fc.tuple(small(1, 2), small(1, 2)),
  pads: fc.tuple(small(2, 4), small(2, 4), small(2, 4), small(2, 4)),
  depthwise: fc.boolean(),
  weights: integers,
  weightScales: fc.array(scale, { minLength: 18, maxLength: 18 }),
  weightZeros: fc.option(fc.array(small(0, 127), { minLength: 18, maxLength: 18 }), { nil: undefined }),
  perChannel: fc.boolean(),
  bias: fc.boolean(),
  output: activation,
});

const chain = fc.record({
  input: activation,
  channels: small(1, 9),
  size: fc.tuple(small(1, 7), small(1, 7)),
  batch: small(1, 2),
  layers: fc.array(layer, { minLength: 1, maxLength: 3 }),
  floatOutput: fc.boolean(),
  seed: fc.nat(),
});

type Chain = typeof chain extends fc.Arbitrary<infer T> ? T : never;
type Layer = Chain['layers'][number];
type Activation = Chain['input'];

function qparams({ scale: s, zero }: Activation): string {
  return `quantized(scale ${s}, zero ${zero})`;
}

/** The constants of a layer: weights with `rest` behind their output channels, and the bias. */
function constants(
  each: Layer,
  i: number,
  channels: number,
  rest: string,
  axis: number,
  from: Activation,
): string[] {
  const count = each.perChannel ? channels : 1;
  const scales = each.weightScales.slice(0, count);
  const zeros = Array.from({ length: count }, (_, c) =>
    Math.min(each.weightZeros?.[c] ?? 0, LARGEST[each.weights]),
  );
  const biasScales = scales.map((s) => Math.fround(Math.fround(from.scale) * Math.fround(s)));
  const list = (values: readonly number[]) => (count === 1 ? String(values[0]) : `[${values.join(', ')}]`);
  const along = count === 1 ? '' : `, axis ${axis}`;
  return [
    `value %w${i}: ${each.weights}[${rest}] quantized(scale ${list(scales)}, zero ${list(zeros)}${along})`,
    ...(each.bias
      ? [
          `value %b${i}: int32[${channels}] quantized(scale ${list(biasScales)}, zero ${list(zeros.map(() => 0))}${count === 1 ? '' : ', axis 0'})`,
        ]
      : []),
  ];
}

function outputType(test: Chain, i: number, rank: number): string {
  const { output } = test.layers[i] ?? { output: test.input };
  const isLast = i === test.layers.length - 1;
  const dims = Array.from({ length: rank }, () => '?').join(', ');
  return isLast && test.floatOutput ? `float32[${dims}]` : `${output.dtype}[${dims}] ${qparams(output)}`;
}

function asCase(test: Chain, input: string, lines: readonly string[]): ConformanceCase {
  const text = `graph opset 25 {\n${[`input %x0: ${test.input.dtype}[${input}] ${qparams(test.input)}`, ...lines, `output %x${test.layers.length}`].join('\n')}\n}`;
  return { name: `random ${test.seed}`, graph: text };
}

function convolutions(test: Chain): ConformanceCase {
  let [from, inputs] = [test.input, test.channels];
  const lines = test.layers.flatMap((each, i) => {
    const group = each.depthwise ? inputs : 1;
    const outputs = each.depthwise ? inputs * (each.channels % 2 === 0 && inputs < 9 ? 2 : 1) : each.channels;
    const shape = [outputs, inputs / group, ...each.kernel].join(', ');
    const text = [
      ...constants(each, i, outputs, shape, 0, from),
      `%x${i + 1}: ${outputType(test, i, 4)} = Conv(%x${i}, %w${i}${each.bias ? `, %b${i}` : ''}) {group=${group}, pads=[${each.pads.join(', ')}], strides=[${each.strides.join(', ')}], dilations=[${each.dilations.join(', ')}]}`,
    ];
    [from, inputs] = [each.output, outputs];
    return text;
  });
  return asCase(test, [test.batch, test.channels, ...test.size].join(', '), lines);
}

function products(test: Chain): ConformanceCase {
  const [first = 1, inner = 1] = test.size;
  const depth = inner * test.channels * 3;
  let [from, inputs] = [test.input, depth];
  const lines = test.layers.flatMap((each, i) => {
    const outputs = each.channels;
    const isGemm = each.bias || each.depthwise;
    const shape = isGemm ? [outputs, inputs] : [inputs, outputs];
    const text = [
      ...constants(each, i, outputs, shape.join(', '), isGemm ? 0 : 1, from),
      `%x${i + 1}: ${outputType(test, i, 2)} = ${isGemm ? 'Gemm' : 'MatMul'}(%x${i}, %w${i}${each.bias ? `, %b${i}` : ''})${isGemm ? ' {transB=1}' : ''}`,
    ];
    [from, inputs] = [each.output, outputs];
    return text;
  });
  return asCase(test, [first * test.batch, depth].join(', '), lines);
}

describeWithAddon('chains of native layers have the bits of the reference', () => {
  const backend = cpu();

  it('in convolutions', async () => {
    await fc.assert(
      fc.asyncProperty(chain, async (test) => {
        expect(await runCase(backend, convolutions(test))).toEqual({ outcome: 'passed' });
      }),
      { numRuns: 50 },
    );
  });

  it('in matrix products', async () => {
    await fc.assert(
      fc.asyncProperty(chain, async (test) => {
        expect(await runCase(backend, products(test))).toEqual({ outcome: 'passed' });
      }),
      { numRuns: 50 },
    );
  });
});
