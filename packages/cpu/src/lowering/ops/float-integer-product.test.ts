import { type ConformanceCase, runCase } from '@octavo/conformance';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { describeWithAddon } from '../../../tests/addon.js';
import { cpu } from '../../backend/cpu.js';

const small = (min: number, max: number) => fc.integer({ min, max });

const product = fc.record({
  kind: fc.constantFrom('MatMulIntegerToFloat', 'DynamicQuantizeMatMul'),
  batch: small(1, 3),
  rows: small(1, 5),
  inner: small(1, 40),
  columns: small(1, 20),
  input: fc.constantFrom('int8', 'uint8'),
  weights: fc.constantFrom('int8', 'uint8'),
  perColumn: fc.boolean(),
  zeroPoints: fc.boolean(),
  bias: fc.boolean(),
  /** Whether a scale and zero point of the input come while it runs. */
  computed: fc.boolean(),
});

type Product = typeof product extends fc.Arbitrary<infer T> ? T : never;

function asCase(test: Product): ConformanceCase {
  const { kind, batch, rows, inner, columns, input, weights, zeroPoints } = test;
  const isDynamic = kind === 'DynamicQuantizeMatMul';
  const list = (count: number, value: (i: number) => number) =>
    Array.from({ length: count }, (_, i) => value(i));
  const count = test.perColumn ? columns : 1;
  const shape = test.perColumn ? `[${columns}]` : '[]';
  const written = (values: readonly number[]) => (test.perColumn ? `[${values}]` : `${values[0]}`);
  const given = (name: string, type: string, value: number) =>
    test.computed ? `input %${name}: ${type}[]` : `const %${name}: ${type}[] = ${value}`;
  const zero = zeroPoints ? ', %wz' : ', _';
  const bias = test.bias ? ', %b' : '';
  const lines = [
    `input %x: ${isDynamic ? 'float32' : input}[${batch}, ${rows}, ${inner}]`,
    ...(isDynamic ? [] : [given('xs', 'float32', 0.02), given('xz', input, 11)]),
    `value %w: ${weights}[${inner}, ${columns}]`,
    `const %ws: float32${shape} = ${written(list(count, (i) => 0.01 * (i + 1)))}`,
    `const %wz: ${weights}${shape} = ${written(list(count, (i) => 3 * i))}`,
    `value %b: float32[${columns}]`,
    isDynamic
      ? `%y = com.microsoft::DynamicQuantizeMatMul(%x, %w, %ws${zero}${bias})`
      : `%y = com.microsoft::MatMulIntegerToFloat(%x, %w, %xs, %ws, %xz${zero}${bias})`,
    'output %y',
  ];
  const graph = `graph opset 21, com.microsoft 1 {\n${lines.join('\n')}\n}`;
  return { name: 'float integer product', graph };
}

describeWithAddon('products of bytes with float results', () => {
  const backend = cpu();

  it('have the bits of the reference', async () => {
    await fc.assert(
      fc.asyncProperty(product, async (test) => {
        expect(await runCase(backend, asCase(test))).toEqual({ outcome: 'passed' });
      }),
      { numRuns: 60 },
    );
  });
});
