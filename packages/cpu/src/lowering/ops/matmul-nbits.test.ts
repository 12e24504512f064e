import { type ConformanceCase, runCase } from '@octavo/conformance';
import { inferTypes, parse } from '@octavo/core/ir';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { describeWithAddon } from '../../../tests/addon.js';
import { compileGraph } from '../../../tests/compile-graph.js';
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

  it('packs weights anew for other scales and zero points, and once for the same', async () => {
    const attributes = '{K=16, N=2, bits=4, block_size=16}';
    const graph = `graph opset 21, com.microsoft 1 {
      input %a: float32[3, 16]
      value %b: uint8[2, 1, 8]
      value %s: float32[2]
      value %t: float32[2]
      value %z: uint8[2]
      %p = com.microsoft::MatMulNBits(%a, %b, %s) ${attributes}
      %q = com.microsoft::MatMulNBits(%a, %b, %t) ${attributes}
      %r = com.microsoft::MatMulNBits(%a, %b, %t, %z) ${attributes}
      %u = com.microsoft::MatMulNBits(%a, %b, %t, %z) ${attributes}
      output %p, %q, %r, %u
    }`;
    const each = { name: 'shared bytes', graph, extremes: false } as const;
    expect(await runCase(cpu(), { ...each, bound: { kind: 'normalized', terms: 17 } })).toEqual({
      outcome: 'passed',
    });
  });

  it('names the scales that are not finite', async () => {
    const graph = parse(`graph opset 21, com.microsoft 1 {
      input %a: float32[1, 16]
      const %b: uint8[2, 1, 8] = [0, 1, 2, 3, 4, 5, 6, 7, 0, 1, 2, 3, 4, 5, 6, 7]
      const %s: float32[2] = [1, nan]
      %y = com.microsoft::MatMulNBits(%a, %b, %s) {K=16, N=2, bits=4, block_size=16} @head
      output %y
    }`);
    inferTypes(graph);
    await expect(compileGraph(graph)).rejects.toMatchObject({
      code: 'QUANT_SCALE',
      where: 'node head (MatMulNBits), tensor s',
      fault: 'scale 1 is NaN; scales are finite.',
      remedy: expect.stringContaining('Quantize the model again'),
    });
  });
});
