import { type ConformanceCase, runCase } from '@octavo/conformance';
import { float32 } from '@octavo/core/tensor';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { describeWithAddon } from '../../../tests/addon.js';
import { compileGraph, graphOf } from '../../../tests/compile-graph.js';
import { cpu } from '../../backend/cpu.js';

const small = (min: number, max: number) => fc.integer({ min, max });

/** A product of floats that are quantized on the way, as dynamic quantization writes it. */
const product = fc.record({
  kind: fc.constantFrom('MatMulInteger', 'ConvInteger'),
  rows: small(1, 5),
  inner: small(1, 40),
  columns: small(1, 20),
  kernel: small(1, 3),
  weights: fc.constantFrom('int8', 'uint8'),
  weightZero: fc.option(small(0, 127), { nil: undefined }),
  perChannel: fc.boolean(),
  bias: fc.boolean(),
  swapped: fc.tuple(fc.boolean(), fc.boolean(), fc.boolean()),
  rescaled: fc.boolean(),
  /** Whether the product of the scales comes before that of the integers. */
  early: fc.boolean(),
  /** Whether the sums in float are wanted too. */
  kept: fc.boolean(),
});

type Product = typeof product extends fc.Arbitrary<infer T> ? T : never;

/** The lines of a product of `%q`, whose result is `%<name>`. */
function linesOf(test: Product, name: string): string[] {
  const {
    kind,
    columns,
    inner,
    kernel,
    weights,
    weightZero,
    perChannel,
    bias,
    swapped,
    rescaled,
    early,
    kept,
  } = test;
  const isConv = kind === 'ConvInteger';
  const shape = isConv ? [columns, inner, kernel, 1] : [inner, columns];
  const channels = isConv ? [columns, 1, 1] : [columns];
  const zero = weightZero === undefined ? '' : `, %${name}wz`;
  const swap = (index: number, a: string, b: string) => (swapped[index] ? `%${b}, %${a}` : `%${a}, %${b}`);
  const scales = [
    `value %${name}ws: float32[${perChannel ? channels.join(', ') : ''}]`,
    `%${name}s = Mul(${swap(0, 'qs', `${name}ws`)})`,
  ];
  return [
    ...(weightZero === undefined ? [] : [`const %${name}wz: ${weights}[] = ${weightZero}`]),
    `value %${name}w: ${weights}[${shape.join(', ')}]`,
    ...(rescaled && early ? scales : []),
    `%${name}${rescaled ? 'i' : ''} = ${kind}(%q, %${name}w, %qz${zero})`,
    ...(rescaled
      ? [
          `%${name}f = Cast(%${name}i) {to=1}`,
          ...(early ? [] : scales),
          `%${name}${bias ? 'p' : ''} = Mul(${swap(1, `${name}f`, `${name}s`)})`,
          ...(bias
            ? [
                `value %${name}b: float32[${channels.join(', ')}]`,
                `%${name} = Add(${swap(2, `${name}p`, `${name}b`)})`,
              ]
            : []),
        ]
      : []),
    `output %${name}`,
    ...(rescaled && kept ? [`output %${name}f`] : []),
  ];
}

/** Two products of one value. */
function asCase(first: Product, second: Product): ConformanceCase {
  const { kind, rows, inner } = first;
  const shape = kind === 'ConvInteger' ? [1, inner, rows + 2, 3] : [rows, inner];
  const lines = [
    `input %x: float32[${shape.join(', ')}]`,
    '%q, %qs, %qz = DynamicQuantizeLinear(%x)',
    ...linesOf(first, 'y'),
    ...linesOf({ ...second, kind, inner, rows }, 'v'),
  ];
  return { name: 'dynamic', graph: `graph opset 21 {\n${lines.join('\n')}\n}` };
}

describeWithAddon('dynamic products', () => {
  const backend = cpu();

  it('have the bits of the reference', async () => {
    await fc.assert(
      fc.asyncProperty(product, product, async (first, second) => {
        expect(await runCase(backend, asCase(first, second))).toEqual({ outcome: 'passed' });
      }),
      { numRuns: 60 },
    );
  });

  it.each([
    ['MatMulInteger', '2, 2', '2, 3'],
    ['ConvInteger', '1, 2, 1, 2', '3, 2, 1, 1'],
  ])('give what a scale that is no number gives: %s', async (kind, input, weights) => {
    const shape = input.split(', ').map(Number);
    const lines = [
      `input %x: float32[${input}]`,
      `value %w: int8[${weights}]`,
      'const %ws: float32[] = 0.5',
      '%q, %qs, %qz = DynamicQuantizeLinear(%x)',
      `%i = ${kind}(%q, %w, %qz)`,
      '%f = Cast(%i) {to=1}',
      '%s = Mul(%qs, %ws)',
      '%y = Mul(%f, %s)',
      'output %y',
    ];
    const values = { x: float32([3e38, -3e38, 1, 2], shape) };
    const graph = `graph opset 21 {\n${lines.join('\n')}\n}`;
    expect(await runCase(backend, { name: 'infinite', graph, values })).toEqual({ outcome: 'passed' });
  });

  it('take over what makes floats of their sums', async () => {
    using executable = await compileGraph(
      graphOf([
        'input %x: float32[2, 3]',
        'const %w: int8[3, 2] = [1, -2, 3, -4, 5, -6]',
        'const %ws: float32[2] = [0.5, 0.25]',
        'const %b: float32[2] = [1, 2]',
        '%q, %qs, %qz = DynamicQuantizeLinear(%x)',
        '%i = MatMulInteger(%q, %w, %qz)',
        '%f = Cast(%i) {to=1}',
        '%s = Mul(%qs, %ws)',
        '%p = Mul(%f, %s)',
        '%y = Add(%p, %b)',
        'output %y',
      ]),
      { taps: new Set() },
    );
    const fused = executable.plan.map(({ node, fusedInto }) => [node.op.name, fusedInto?.op.name]);
    expect(fused).toEqual([
      ['DynamicQuantizeLinear', undefined],
      ['MatMulInteger', undefined],
      ['Cast', 'MatMulInteger'],
      ['Mul', 'MatMulInteger'],
      ['Mul', 'MatMulInteger'],
      ['Add', 'MatMulInteger'],
    ]);
  });
});
