import type { Backend, NodePlan } from '@octavo/backend';
import { runCase } from '@octavo/conformance';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { describeWithAddon } from '../../tests/addon.js';
import { compileGraph, graphOf } from '../../tests/compile-graph.js';
import { cpu } from '../backend/cpu.js';

type ByteDType = 'int8' | 'uint8';

/** Powers of two put sums on ties. */
const qparams = fc
  .record({
    scale: fc.oneof(
      fc.constantFrom(0.5, 0.25, 2 ** -5),
      fc.double({ min: 0.01, max: 0.2, noNaN: true }).map(Math.fround),
    ),
    zero: fc.integer({ min: 0, max: 127 }),
  })
  .map(({ scale, zero }) => `quantized(scale ${scale}, zero ${zero})`);

const types = fc.tuple(qparams, qparams, qparams, qparams);
const size = (max: number) => fc.integer({ min: 1, max });

/** Declared at random elements: a constant. */
const weights = (shape: readonly number[]) => `value %w: int8[${shape}] quantized(scale 0.01, zero 0)`;

interface Product {
  readonly input: string;
  readonly lines: readonly string[];
  readonly output: string;
}

/** Products of `x`, a line each, and the shapes that go in and come out. */
const convolutions: fc.Arbitrary<Product> = fc
  .record({
    batch: size(2),
    channels: size(5),
    outputs: size(70),
    size: fc.tuple(size(9), size(9)),
    kernel: fc.constantFrom(1, 3),
    kind: fc.constantFrom('dense', 'depthwise', 'transposed'),
  })
  .map(({ batch, channels, outputs, size: plane, kernel, kind }) => {
    const pads = Array(4)
      .fill((kernel - 1) / 2)
      .join(', ');
    const groups = kind === 'depthwise' ? channels : 1;
    const results = kind === 'depthwise' ? channels : outputs;
    const shape =
      kind === 'transposed'
        ? [channels, outputs, kernel, kernel]
        : [results, channels / groups, kernel, kernel];
    const op = kind === 'transposed' ? 'ConvTranspose' : 'Conv';
    return {
      input: `${[batch, channels, ...plane]}`,
      lines: [weights(shape), `${op}(%x, %w) {pads=[${pads}], group=${groups}}`],
      output: `${[batch, results, ...plane]}`,
    };
  });

const matrices: fc.Arbitrary<Product> = fc
  .record({ rows: size(40), depth: size(70), columns: size(140), op: fc.constantFrom('MatMul', 'Gemm') })
  .map(({ rows, depth, columns, op }) => ({
    input: `${[rows, depth]}`,
    lines: [weights([depth, columns]), `${op}(%x, %w)`],
    output: `${[rows, columns]}`,
  }));

const sums = fc.record({
  product: fc.oneof(convolutions, matrices),
  dtype: fc.constantFrom<ByteDType>('int8', 'uint8'),
  types,
  /** What is added: as the graph is given it, as an op before has left it, or constant. */
  residual: fc.constantFrom('input', 'computed', 'constant'),
  comesFirst: fc.boolean(),
});

type Sum = typeof sums extends fc.Arbitrary<infer T> ? T : never;

function linesOf({ product, dtype, types: [x, p, r, y], residual, comesFirst }: Sum): readonly string[] {
  const [weightLine = '', productLine = ''] = product.lines;
  const other = `%r: ${dtype}[${product.output}] ${r}`;
  const before: Readonly<Record<Sum['residual'], readonly string[]>> = {
    input: [`input ${other}`],
    constant: [`value ${other}`],
    computed: [`input %s: ${dtype}[${product.output}] ${r}`, `${other} = Relu(%s)`],
  };
  return [
    `input %x: ${dtype}[${product.input}] ${x}`,
    ...before[residual],
    weightLine,
    `%p: ${dtype}[${product.output}] ${p} = ${productLine} @product`,
    `%y: ${dtype}[${product.output}] ${y} = Add(${comesFirst ? '%r, %p' : '%p, %r'}) @sum`,
    'output %y',
  ];
}

async function planOf(lines: readonly string[]): Promise<readonly NodePlan[]> {
  using executable = await compileGraph(graphOf(lines), { taps: new Set() });
  return executable.plan;
}

const X = 'uint8[1, 2, 2, 2] quantized(scale 0.1, zero 3)';
const START = [
  `input %x: ${X}`,
  'const %w: int8[2, 2, 1, 1] quantized(scale 0.02, zero 0) = [9, -90, 70, 3]',
  `%p: ${X} = Conv(%x, %w) @product`,
];

describeWithAddon('a sum after a quantized product', () => {
  const backend = cpu();
  let plan: readonly NodePlan[] = [];
  const observed: Backend = {
    id: backend.id,
    supports: (node, context) => backend.supports(node, context),
    compile: async (subgraph, options) => {
      const executable = await backend.compile(subgraph, options);
      plan = executable.plan;
      return executable;
    },
    [Symbol.dispose]: () => backend[Symbol.dispose](),
  };

  it('becomes part of it with the bits of the reference', async () => {
    await fc.assert(
      fc.asyncProperty(sums, async (sum) => {
        const graph = `graph opset 21 {\n${linesOf(sum).join('\n')}\n}`;
        expect(await runCase(observed, { name: 'sum', graph })).toEqual({ outcome: 'passed' });
        expect(plan.map(({ fusedInto }) => fusedInto?.name)).toContain('product');
      }),
      { numRuns: 150 },
    );
  });

  it('is in its plan, whatever is added and in whichever order', async () => {
    for (const added of ['%p, %x', '%x, %p']) {
      const plan = await planOf([...START, `%y: ${X} = Add(${added}) @sum`, 'output %y']);
      expect(plan.map(({ fusedInto }) => fusedInto?.name)).toEqual([undefined, 'product']);
    }
  });

  it.each([
    [
      'a broadcast operand',
      ['input %c: uint8[2, 1, 1] quantized(scale 0.1, zero 3)', `%y: ${X} = Add(%p, %c) @sum`],
      'its other operand is broadcast',
    ],
    ['the product itself', [`%y: ${X} = Add(%p, %p) @sum`], 'it adds the product to itself'],
    [
      'what is computed later',
      [`%l: ${X} = Relu(%x)`, `%y: ${X} = Add(%p, %l) @sum`],
      'its other operand is computed later',
    ],
    [
      'another type',
      [`%y: float32[1, 2, 2, 2] = Add(%p, %x) @sum`],
      'its operands are not bytes of one type with finite constants',
    ],
    [
      'a product that others read',
      [`%o: ${X} = Relu(%p)`, `%y: ${X} = Add(%p, %x) @sum`, 'output %o'],
      undefined,
    ],
    ['a product that is given', [`%y: ${X} = Add(%p, %x) @sum`, 'output %p'], undefined],
  ])('stays alone with %s', async (_, lines, reason) => {
    const text = [...START, ...lines, 'output %y'];
    const graph = `graph opset 21 {\n${text.join('\n')}\n}`;
    expect(await runCase(backend, { name: 'alone', graph })).toEqual({ outcome: 'passed' });
    const plan = await planOf(text);
    expect(plan.every(({ fusedInto }) => fusedInto === undefined)).toBe(true);
    expect(plan[0]?.notes).toEqual(reason && [`sum is not fused: ${reason}`]);
  });

  it('leaves what it adds to others, also to a second sum', async () => {
    const lines = [
      `input %x: ${X}`,
      `%r: ${X} = Relu(%x)`,
      'const %w: int8[2, 2, 1, 1] quantized(scale 0.02, zero 0) = [9, -90, 70, 3]',
      `%p: ${X} = Conv(%r, %w) @first`,
      `%s: ${X} = Add(%p, %r)`,
      `%q: ${X} = Conv(%s, %w) @second`,
      `%t: ${X} = Add(%r, %q)`,
      `%y: ${X} = Mul(%t, %r)`,
      'output %y',
    ];
    const graph = `graph opset 21 {\n${lines.join('\n')}\n}`;
    expect(await runCase(backend, { name: 'twice', graph })).toEqual({ outcome: 'passed' });
    const fused = (await planOf(lines)).map(({ fusedInto }) => fusedInto?.name);
    expect(fused.filter((name) => name)).toEqual(['first', 'second']);
  });
});
