import { type ConformanceCase, runCase } from '@octavo/conformance';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { describeWithAddon } from '../../../tests/addon.js';
import { cpu } from '../../backend/cpu.js';

type Shape = readonly number[];
type ByteDType = 'int8' | 'uint8';

/** Scale and zero point, of whichever type. */
interface Qparams {
  readonly scale: number;
  readonly zero: number;
}

/** A step of a chain over one quantized value of rank 4: lines of text, and what they give. */
interface Step {
  readonly lines: readonly string[];
  readonly shape: Shape;
  /** Those that the step was asked for, by default. */
  readonly qparams?: Qparams;
}
type MakeStep = (from: Name, to: Name, shape: Shape) => Step;

/** A value's name without its sigil, and its type. */
interface Name {
  readonly name: string;
  readonly dtype: ByteDType;
  readonly qparams: Qparams;
}

/** Powers of two put results on ties. */
const qparams = fc.record({
  scale: fc.oneof(
    fc.constantFrom(1, 0.5, 0.25, 2 ** -5),
    fc.double({ min: 0.002, max: 0.2, noNaN: true }).map(Math.fround),
  ),
  zero: fc.integer({ min: 0, max: 127 }),
});

const at = (shape: Shape, axis: number) => shape[axis] ?? 1;
const quantizedBy = ({ scale, zero }: Qparams) => `quantized(scale ${scale}, zero ${zero})`;
const typed = (
  { name, dtype, qparams: by }: Name,
  dims: readonly (number | string)[] = ['?', '?', '?', '?'],
) => `%${name}: ${dtype}[${dims.join(', ')}] ${quantizedBy(by)}`;

/** A node of one operand, written `x`; it keeps the quantized type of its input, or not. */
function node(text: string, keepsType: boolean, shapeOf: (shape: Shape) => Shape): MakeStep {
  return (from, to, shape) => {
    const result = keepsType ? { ...to, qparams: from.qparams } : to;
    return {
      lines: [`${typed(result)} = ${text.replace('(x)', `(%${from.name})`)}`],
      shape: shapeOf(shape),
      qparams: result.qparams,
    };
  };
}

const unary = fc
  .constantFrom('Relu(x)', 'LeakyRelu(x) {alpha=0.125}', 'Sigmoid(x)', 'HardSwish(x)', 'Tanh(x)', 'Gelu(x)')
  .map((text): MakeStep => node(text, false, (shape) => shape));

const clip: fc.Arbitrary<MakeStep> = fc.constant((from, to, shape) => ({
  lines: [
    `const %${to.name}l: float32[] = -1.5`,
    `const %${to.name}h: float32[] = 6`,
    `${typed(to)} = Clip(%${from.name}, %${to.name}l, %${to.name}h)`,
  ],
  shape,
}));

/** To floats and back by other parameters. */
const requantize: fc.Arbitrary<MakeStep> = fc.constant((from, to, shape) => ({
  lines: [
    `const %${to.name}s: float32[] = ${from.qparams.scale}`,
    `const %${to.name}z: ${from.dtype}[] = ${from.qparams.zero}`,
    `%${to.name}f = DequantizeLinear(%${from.name}, %${to.name}s, %${to.name}z)`,
    `const %${to.name}t: float32[] = ${to.qparams.scale}`,
    `const %${to.name}y: ${to.dtype}[] = ${to.qparams.zero}`,
    `${typed(to)} = QuantizeLinear(%${to.name}f, %${to.name}t, %${to.name}y)`,
  ],
  shape,
}));

const binary = fc
  .record({ op: fc.constantFrom('Add', 'Mul'), other: fc.nat(4), by: qparams, swapped: fc.boolean() })
  .map(
    ({ op, other, by, swapped }): MakeStep =>
      (from, to, shape) => {
        const [, c = 1, h = 1, w = 1] = shape;
        const dims = [[], [c, 1, 1], [1, c, 1, 1], [1, 1, h, w], shape][other] ?? [];
        const right = { name: `${to.name}c`, dtype: to.dtype, qparams: by };
        const operands = swapped ? [right.name, from.name] : [from.name, right.name];
        return {
          lines: [`value ${typed(right, dims)}`, `${typed(to)} = ${op}(%${operands.join(', %')})`],
          shape,
        };
      },
  );

const squared: fc.Arbitrary<MakeStep> = fc.constant((from, to, shape) => ({
  lines: [`${typed(to)} = Mul(%${from.name}, %${from.name})`],
  shape,
}));

const window = fc.record({
  kernel: fc.tuple(fc.integer({ min: 1, max: 3 }), fc.integer({ min: 1, max: 3 })),
  strides: fc.tuple(fc.integer({ min: 1, max: 2 }), fc.integer({ min: 1, max: 2 })),
  pads: fc.tuple(fc.boolean(), fc.boolean(), fc.boolean(), fc.boolean()),
  ceil: fc.boolean(),
  countPadding: fc.boolean(),
});

const pool = fc
  .record({ window, kind: fc.constantFrom('MaxPool', 'AveragePool', 'GlobalAveragePool', 'GlobalMaxPool') })
  .map(
    ({ window: { kernel, strides, pads, ceil, countPadding }, kind }): MakeStep =>
      (from, to, shape) => {
        const isMax = kind.endsWith('MaxPool');
        if (kind.startsWith('Global')) {
          return node(`${kind}(x)`, isMax, ([n = 1, c = 1]) => [n, c, 1, 1])(from, to, shape);
        }
        const sizes = kernel.map((size, axis) => Math.min(size, at(shape, axis + 2)));
        const padding = pads.map((pad, i) => Number(pad && at(sizes, i % 2) > 1));
        const rounded = ceil && !countPadding;
        const result = shape.map((size, axis) => {
          if (axis < 2) return size;
          const i = axis - 2;
          const steps = (size + at(padding, i) + at(padding, i + 2) - at(sizes, i)) / at(strides, i);
          const count = (rounded ? Math.ceil(steps) : Math.floor(steps)) + 1;
          const startsInside = (count - 1) * at(strides, i) < size + at(padding, i);
          return startsInside ? count : count - 1;
        });
        const counted = isMax ? '' : `, count_include_pad=${Number(countPadding)}`;
        const text = `${kind}(x) {kernel_shape=[${sizes.join(', ')}], strides=[${strides.join(', ')}], pads=[${padding.join(', ')}], ceil_mode=${Number(rounded)}${counted}}`;
        return node(text, isMax, () => result)(from, to, shape);
      },
  );

const concat = fc.tuple(fc.integer({ min: 0, max: 3 }), qparams).map(
  ([axis, by]): MakeStep =>
    (from, to, shape) => {
      const other = { name: `${to.name}o`, dtype: to.dtype, qparams: by };
      return {
        lines: [
          `value ${typed(other, shape)}`,
          `${typed(to)} = Concat(%${from.name}, %${other.name}, %${from.name}) {axis=${axis}}`,
        ],
        shape: shape.with(axis, at(shape, axis) * 3),
      };
    },
);

const pad = fc
  .record({
    begins: fc.tuple(...[0, 1, 2, 3].map(() => fc.integer({ min: 0, max: 2 }))),
    by: fc.constantFrom(undefined, 0, 1.5),
  })
  .map(
    ({ begins, by }): MakeStep =>
      (from, to, shape) => {
        const result = { ...to, qparams: from.qparams };
        const value = by === undefined ? '' : `, %${to.name}v`;
        return {
          lines: [
            `const %${to.name}p: int64[8] = [${[...begins, ...begins].join(', ')}]`,
            ...(by === undefined ? [] : [`const %${to.name}v: float32[] = ${by}`]),
            `${typed(result)} = Pad(%${from.name}, %${to.name}p${value})`,
          ],
          shape: shape.map((size, axis) => size + 2 * at(begins, axis)),
          qparams: from.qparams,
        };
      },
  );

/** Gives its output in channels last, whatever comes in. */
const convolution = fc.constantFrom(1, 3).map(
  (channels): MakeStep =>
    (from, to, shape) => ({
      lines: [
        `value ${typed({ name: `${to.name}w`, dtype: 'int8', qparams: { scale: 0.01, zero: 0 } }, [channels, at(shape, 1), 1, 1])}`,
        `${typed(to)} = Conv(%${from.name}, %${to.name}w)`,
      ],
      shape: shape.with(1, channels),
    }),
);

const chain = fc.record({
  dtype: fc.constantFrom<ByteDType>('int8', 'uint8'),
  shape: fc.tuple(
    fc.integer({ min: 1, max: 2 }),
    fc.integer({ min: 1, max: 5 }),
    fc.integer({ min: 1, max: 6 }),
    fc.integer({ min: 1, max: 6 }),
  ),
  first: qparams,
  perChannel: fc.boolean(),
  steps: fc.array(
    fc.tuple(
      fc.oneof(unary, clip, requantize, binary, squared, pool, pool, concat, pad, convolution, convolution),
      qparams,
    ),
    { minLength: 1, maxLength: 6 },
  ),
});

type Chain = typeof chain extends fc.Arbitrary<infer T> ? T : never;

function asCase({ dtype, shape, first, perChannel, steps }: Chain): ConformanceCase {
  let from: Name = { name: 'x0', dtype, qparams: first };
  let now: Shape = shape;
  const lines = [
    `input %x: float32[${shape.join(', ')}]`,
    `const %s: float32[] = ${first.scale}`,
    `const %z: ${dtype}[] = ${first.zero}`,
    `${typed(from)} = QuantizeLinear(%x, %s, %z)`,
  ];
  steps.forEach(([make, by], i) => {
    const to = { name: `x${i + 1}`, dtype, qparams: by };
    const step = make(from, to, now);
    lines.push(...step.lines);
    [from, now] = [{ ...to, qparams: step.qparams ?? by }, step.shape];
  });
  const channels = perChannel ? at(now, 1) : 1;
  const list = (value: (c: number) => number) =>
    Array.from({ length: channels }, (_, c) => value(c)).join(', ');
  const dims = perChannel ? `[${channels}]` : '[]';
  const wrap = (text: string) => (perChannel ? `[${text}]` : text);
  lines.push(
    `const %es: float32${dims} = ${wrap(list((c) => 2 ** -c))}`,
    `const %ez: ${dtype}${dims} = ${wrap(list((c) => c))}`,
    `%y = DequantizeLinear(%${from.name}, %es, %ez)`,
    `output %${from.name}`,
    'output %y',
  );
  return { name: 'chain', graph: `graph opset 21 {\n${lines.join('\n')}\n}` };
}

describeWithAddon('chains of integer ops have the bits of the reference', () => {
  const backend = cpu();

  it('in any layout', async () => {
    await fc.assert(
      fc.asyncProperty(chain, async (test) => {
        expect(await runCase(backend, asCase(test))).toEqual({ outcome: 'passed' });
      }),
      { numRuns: 100 },
    );
  });
});
