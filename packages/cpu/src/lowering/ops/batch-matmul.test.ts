import { type ConformanceCase, declineReason, runCase } from '@octavo/conformance';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { describeWithAddon } from '../../../tests/addon.js';
import { cpu } from '../../backend/cpu.js';

const size = (max: number) => fc.integer({ min: 1, max });
const bytes = fc.constantFrom('int8', 'uint8');

/** A product of two inputs, as quantized values or as QLinearMatMul. */
const product = fc.record({
  form: fc.constantFrom('quantized', 'float', 'qlinear'),
  batch: fc.constantFrom(
    [[], []],
    [[3], [3]],
    [
      [2, 3],
      [2, 3],
    ],
    [[2, 3], [3]],
    [
      [2, 1],
      [1, 3],
    ],
    [[], [2, 3]],
    [
      [2, 1, 1, 2],
      [1, 2, 1],
    ],
  ),
  m: size(40),
  k: size(70),
  n: size(40),
  vector: fc.constantFrom('none', 'left', 'right'),
  a: bytes,
  b: bytes,
  y: bytes,
  zeroPoints: fc.tuple(size(100), fc.constantFrom(0, 3), size(100)),
});

type Product = typeof product extends fc.Arbitrary<infer T> ? T : never;

function shapesOf({ batch: [left = [], right = []], m, k, n, vector }: Product) {
  if (vector === 'left' && left.length === 0) return { a: [k], b: [...right, k, n] };
  if (vector === 'right' && right.length === 0) return { a: [...left, m, k], b: [k] };
  return { a: [...left, m, k], b: [...right, k, n] };
}

function asCase(test: Product): ConformanceCase {
  const shapes = shapesOf(test);
  const [za, zb, zy] = test.zeroPoints;
  const quantized = (scale: number, zero: number) => ` quantized(scale ${scale}, zero ${zero})`;
  const y = test.form === 'float' ? 'float32[*]' : `${test.y}[*]${quantized(0.25, zy)}`;
  const lines =
    test.form === 'qlinear'
      ? [
          `input %a: ${test.a}[${shapes.a.join(', ')}]`,
          `input %b: ${test.b}[${shapes.b.join(', ')}]`,
          'const %as: float32[] = 0.02',
          `const %az: ${test.a}[] = ${za}`,
          'const %bs: float32[] = 0.03',
          `const %bz: ${test.b}[] = ${zb}`,
          'const %ys: float32[] = 0.25',
          `const %yz: ${test.y}[] = ${zy}`,
          '%y = QLinearMatMul(%a, %as, %az, %b, %bs, %bz, %ys, %yz)',
          'output %y',
        ]
      : [
          `input %a: ${test.a}[${shapes.a.join(', ')}]${quantized(0.02, za)}`,
          `input %b: ${test.b}[${shapes.b.join(', ')}]${quantized(0.03, zb)}`,
          `%y: ${y} = MatMul(%a, %b)`,
          'output %y',
        ];
  return { name: 'pair', graph: `graph opset 21 {\n${lines.join('\n')}\n}` };
}

describeWithAddon('products of two values of 8-bit integers', () => {
  const backend = cpu();

  it('have the bits of the reference', async () => {
    await fc.assert(
      fc.asyncProperty(product, async (test) => {
        expect(await runCase(backend, asCase(test))).toEqual({ outcome: 'passed' });
      }),
      { numRuns: 60 },
    );
  });

  it.each([
    ['per axis', 'uint8[2, 3] quantized(scale [0.1, 0.2, 0.3], zero [1, 2, 3], axis 1)'],
    ['in 16 bits', 'int16[2, 3] quantized(scale 0.1, zero 0)'],
  ])('are declined when one is quantized %s', (_, b) => {
    const lines = [
      'input %a: uint8[4, 2] quantized(scale 0.1, zero 3)',
      `input %b: ${b}`,
      '%y: uint8[*] quantized(scale 0.5, zero 3) = MatMul(%a, %b)',
      'output %y',
    ];
    const graph = `graph opset 21 {\n${lines.join('\n')}\n}`;
    expect(declineReason(backend, { name: 'pair', graph })).toMatch(/^MatMul: /);
  });
});
