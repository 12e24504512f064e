import { type ConformanceCase, runCase } from '@octavo/conformance';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { describeWithAddon } from '../../../tests/addon.js';
import { cpu } from '../../backend/cpu.js';

const product = fc.record({
  rows: fc.integer({ min: 1, max: 14 }),
  K: fc.integer({ min: 1, max: 200 }),
  N: fc.integer({ min: 1, max: 40 }),
  bits: fc.constantFrom(2, 4, 8),
  blockSize: fc.constantFrom(16, 32, 64, 128, 256),
  level: fc.constantFrom(0, 4),
  zeroPoints: fc.boolean(),
  bias: fc.boolean(),
  activation: fc.constantFrom('Relu', 'Identity'),
});

type Product = typeof product extends fc.Arbitrary<infer T> ? T : never;

function asCase({
  rows,
  K,
  N,
  bits,
  blockSize,
  level,
  zeroPoints,
  bias,
  activation,
}: Product): ConformanceCase {
  const blocks = Math.ceil(K / blockSize);
  const operands = ['%a', '%b', '%s', zeroPoints ? '%z' : '_', '_', bias ? '%c' : '_'].join(', ');
  const lines = [
    `input %a: float32[2, ${rows}, ${K}]`,
    `value %b: uint8[${N}, ${blocks}, ${(blockSize * bits) / 8}]`,
    `value %s: float32[${N * blocks}]`,
    `value %z: uint8[${N * Math.ceil((blocks * bits) / 8)}]`,
    `value %c: float32[${N}]`,
    `%p = com.microsoft::MatMulNBits(${operands}) {K=${K}, N=${N}, accuracy_level=${level}, bits=${bits}, block_size=${blockSize}}`,
    `%y = ${activation}(%p)`,
    'output %y',
  ];
  return {
    name: 'matmul-nbits',
    graph: `graph opset 21, com.microsoft 1 {\n${lines.join('\n')}\n}`,
    extremes: false,
    bound: { kind: 'normalized', terms: K + 1 },
  };
}

describeWithAddon('MatMulNBits on the CPU', () => {
  it('agrees with the reference in both compute modes', async () => {
    const backend = cpu();
    await fc.assert(
      fc.asyncProperty(product, async (each) => {
        expect(await runCase(backend, asCase(each))).toEqual({ outcome: 'passed' });
      }),
      { numRuns: 60 },
    );
  });
});
