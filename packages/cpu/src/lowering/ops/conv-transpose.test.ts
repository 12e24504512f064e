import { type ConformanceCase, runCase } from '@octavo/conformance';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { describeWithAddon } from '../../../tests/addon.js';
import { cpu } from '../../backend/cpu.js';

const small = (min: number, max: number) => fc.integer({ min, max });

const axis = fc.record({
  size: small(1, 6),
  kernel: small(1, 4),
  stride: small(1, 3),
  dilation: small(1, 2),
  begin: small(0, 3),
  end: small(0, 3),
  extra: small(0, 2),
});

const convolution = fc.record({
  axes: fc.array(axis, { minLength: 1, maxLength: 2 }),
  batch: small(1, 2),
  group: small(1, 3),
  inputs: small(1, 5),
  outputs: small(1, 5),
  kind: fc.constantFrom('float', 'uint8', 'int8'),
  perChannel: fc.boolean(),
  bias: fc.boolean(),
  floatOutput: fc.boolean(),
  /** `output_shape` instead of pads. */
  fixed: fc.boolean(),
  relu: fc.boolean(),
});

type Convolution = typeof convolution extends fc.Arbitrary<infer T> ? T : never;

/** Sizes of the output without `output_shape`; the test needs them to be positive. */
const sizesOf = ({ axes }: Convolution) =>
  axes.map(
    (each) =>
      each.stride * (each.size - 1) +
      each.extra +
      (each.kernel - 1) * each.dilation +
      1 -
      each.begin -
      each.end,
  );

function asCase(test: Convolution): ConformanceCase {
  const { axes, batch, group, inputs, outputs, kind, perChannel, bias } = test;
  const list = (name: string, of: (each: (typeof axes)[number]) => number) => `${name}=[${axes.map(of)}]`;
  const [strides, dilations] = [list('strides', (a) => a.stride), list('dilations', (a) => a.dilation)];
  const placed = test.fixed
    ? `output_shape=[${sizesOf(test)}]`
    : `pads=[${axes.map((a) => a.begin)}, ${axes.map((a) => a.end)}], ${list('output_padding', (a) => a.extra)}`;
  const attributes = `{${strides}, ${dilations}, group=${group}, ${placed}}`;
  const x = [batch, group * inputs, ...axes.map(({ size }) => size)].join(', ');
  const w = [group * inputs, outputs, ...axes.map(({ kernel }) => kernel)].join(', ');
  const dims = new Array(axes.length + 2).fill('?').join(', ');
  const args = `(%x, %w${bias ? ', %b' : ''}) ${attributes}`;
  if (kind === 'float') {
    const lines = [
      `input %x: float32[${x}]`,
      `value %w: float32[${w}]`,
      `value %b: float32[${group * outputs}]`,
      `%c = ConvTranspose${args}`,
      test.relu ? '%y = Relu(%c)' : '%y = Identity(%c)',
      'output %y',
    ];
    // Sums of small integers are exact in float32, in any order.
    const values = { x: 'small', w: 'small', b: 'small' } as const;
    return { name: 'float', graph: `graph opset 21 {\n${lines.join('\n')}\n}`, values, extremes: false };
  }
  const count = perChannel ? outputs : 1;
  const scales = Array.from({ length: count }, (_, i) => Math.fround(0.01 * (i + 1)));
  const products = scales.map((scale) => Math.fround(Math.fround(0.02) * scale));
  const by = (values: readonly number[], zeros: readonly number[], at: number) =>
    values.length === 1
      ? `quantized(scale ${values[0]}, zero ${zeros[0]})`
      : `quantized(scale [${values}], zero [${zeros}], axis ${at})`;
  const every = Array.from({ length: perChannel ? group * outputs : 1 }, (_, i) => products[i % count] ?? 1);
  const y = test.floatOutput ? `float32[${dims}]` : `${kind}[${dims}] quantized(scale 0.5, zero 7)`;
  const lines = [
    `input %x: ${kind}[${x}] quantized(scale ${Math.fround(0.02)}, zero 11)`,
    `value %w: int8[${w}] ${by(
      scales,
      scales.map((_, i) => i % 3),
      1,
    )}`,
    `value %b: int32[${group * outputs}] ${by(
      every,
      every.map(() => 0),
      0,
    )}`,
    `%y: ${y} = ConvTranspose${args}`,
    'output %y',
  ];
  return {
    name: 'quantized',
    graph: `graph opset 21 {\n${lines.join('\n')}\n}`,
    values: { b: 'small' },
    extremes: false,
  };
}

describeWithAddon('transposed convolutions', () => {
  const backend = cpu();

  it('agree with the reference for any window, groups and types', async () => {
    await fc.assert(
      fc.asyncProperty(convolution, async (test) => {
        fc.pre(sizesOf(test).every((size) => size > 0));
        expect(await runCase(backend, asCase(test))).toEqual({ outcome: 'passed' });
      }),
      { numRuns: 80 },
    );
  });
});
