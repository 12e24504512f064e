import { type ConformanceCase, runCase } from '@octavo/conformance';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { describeWithAddon } from '../../../tests/addon.js';
import { cpu } from '../../backend/cpu.js';

/** What a step makes of a value of rank 4: lines of text, and the shape of the value that they name. */
interface Step {
  readonly lines: readonly string[];
  readonly shape: readonly number[];
}
type MakeStep = (from: string, to: string, shape: readonly number[]) => Step;

const small = (min: number, max: number) => fc.integer({ min, max });
const list = (values: readonly number[]) => `[${values.join(', ')}]`;
const ints = (name: string, values: readonly number[]) =>
  `const %${name}: int64[${values.length}] = ${list(values)}`;

/** A line of one op that keeps the shape. */
const same = (text: (from: string) => string): MakeStep => {
  return (from, to, shape) => ({ lines: [`%${to} = ${text(`%${from}`)}`], shape });
};

const unary = fc
  .constantFrom(
    'Relu(X)',
    'Mish(X)',
    'Softsign(X)',
    'Sigmoid(X)',
    'Tanh(X)',
    'Exp(X)',
    'Gelu(X)',
    'Gelu(X) {approximate="tanh"}',
    'LeakyRelu(X) {alpha=0.1}',
    'HardSwish(X)',
    'HardSigmoid(X)',
    'Elu(X) {alpha=0.5}',
    'Swish(X) {alpha=1.5}',
    'Softplus(X)',
    'Erf(X)',
    'Abs(X)',
    'Neg(X)',
  )
  .map((text) => same((from) => text.replace('X', from)));

const softmax = small(-4, 3).map((axis) => same((from) => `Softmax(${from}) {axis=${axis}}`));

const clip = fc.constant<MakeStep>((from, to, shape) => ({
  lines: [
    `const %${to}l: float32[] = -0.5`,
    `const %${to}h: float32[] = 0.75`,
    `%${to} = Clip(%${from}, %${to}l, %${to}h)`,
  ],
  shape,
}));

/** The other operand is the value itself, an earlier form of it, or a weight that broadcasts. */
const binary = fc
  .record({
    op: fc.constantFrom('Add', 'Sub', 'Mul', 'Max', 'Min'),
    axes: fc.subarray([0, 1, 2, 3]),
    dropped: small(0, 3),
    first: fc.boolean(),
    self: fc.boolean(),
  })
  .map(({ op, axes, dropped, first, self }): MakeStep => {
    return (from, to, shape) => {
      if (self) return { lines: [`%${to}n = Neg(%${from})`, `%${to} = ${op}(%${to}n, %${from})`], shape };
      const sizes = shape.map((size, axis) => (axes.includes(axis) ? size : 1)).slice(dropped);
      const operands = first ? `%${to}w, %${from}` : `%${from}, %${to}w`;
      return { lines: [`value %${to}w: float32${list(sizes)}`, `%${to} = ${op}(${operands})`], shape };
    };
  });

const activation = fc.constantFrom('Identity(X)', 'Relu(X)', 'LeakyRelu(X) {alpha=0.1}', 'HardSwish(X)');

/** A convolution and what a program may take over after it: another convolution or its own input, and an activation. */
const convolution = fc
  .record({
    channels: small(1, 20),
    kernel: small(1, 3),
    stride: small(1, 2),
    depthwise: fc.boolean(),
    bias: fc.boolean(),
    term: fc.constantFrom('none', 'twin', 'input'),
    activation,
  })
  .map((layer): MakeStep => {
    return (from, to, shape) => {
      const [batch = 1, inputs = 1, height = 1, width = 1] = shape;
      const group = layer.depthwise ? inputs : 1;
      const addsInput = layer.term === 'input';
      const outputs = layer.depthwise || addsInput ? inputs : layer.channels;
      const [kernel, stride] = addsInput ? [3, 1] : [layer.kernel, layer.stride];
      const sizes = list([outputs, inputs / group, kernel, kernel]);
      const conv = (name: string) => [
        `value %${name}w: float32${sizes}`,
        ...(layer.bias ? [`value %${name}b: float32[${outputs}]`] : []),
        `%${name} = Conv(%${from}, %${name}w${layer.bias ? `, %${name}b` : ''}) {group=${group}, pads=[1, 1, 1, 1], strides=[${stride}, ${stride}]}`,
      ];
      const other = addsInput ? from : `${to}q`;
      return {
        lines: [
          ...conv(`${to}p`),
          ...(layer.term === 'twin' ? conv(`${to}q`) : []),
          layer.term === 'none' ? `%${to}r = Identity(%${to}p)` : `%${to}r = Add(%${to}p, %${other})`,
          `%${to} = ${layer.activation.replace('X', `%${to}r`)}`,
        ],
        shape: [
          batch,
          outputs,
          ...[height, width].map((size) => Math.floor((size + 2 - kernel) / stride) + 1),
        ],
      };
    };
  });

const pool = fc
  .record({ op: fc.constantFrom('MaxPool', 'AveragePool'), stride: small(1, 2), counted: fc.boolean() })
  .map(({ op, stride, counted }): MakeStep => {
    return (from, to, shape) => ({
      lines: [
        `%${to} = ${op}(%${from}) {kernel_shape=[3, 2], pads=[1, 1, 1, 0], strides=[${stride}, 1]${op === 'AveragePool' && counted ? ', count_include_pad=1' : ''}}`,
      ],
      shape: [...shape.slice(0, 2), Math.floor(((shape[2] ?? 1) - 1) / stride) + 1, shape[3] ?? 1],
    });
  });

const reduction = fc
  .record({
    op: fc.constantFrom('ReduceSum', 'ReduceMean', 'ReduceMax', 'ReduceMin', 'ReduceL1'),
    axes: fc.subarray([0, 1, 2, 3], { minLength: 1 }),
  })
  .map(({ op, axes }): MakeStep => {
    return (from, to, shape) => ({
      lines: [ints(`${to}a`, axes), `%${to} = ${op}(%${from}, %${to}a)`],
      shape: shape.map((size, axis) => (axes.includes(axis) ? 1 : size)),
    });
  });

/** Reduces without keeping the axis, and puts one back. */
const dropped = small(0, 3).map((axis): MakeStep => {
  return (from, to, shape) => ({
    lines: [
      ints(`${to}a`, [axis]),
      `%${to}r = ReduceMean(%${from}, %${to}a) {keepdims=0}`,
      ints(`${to}d`, shape.with(axis, 1)),
      `%${to} = Reshape(%${to}r, %${to}d)`,
    ],
    shape: shape.with(axis, 1),
  });
});

const globalPool = fc.constantFrom('GlobalAveragePool', 'GlobalMaxPool').map((op): MakeStep => {
  return (from, to, shape) => ({
    lines: [`%${to} = ${op}(%${from})`],
    shape: [...shape.slice(0, 2), 1, 1],
  });
});

const layerNorm = fc.constantFrom('LayerNormalization', 'RMSNormalization').map((op): MakeStep => {
  return (from, to, shape) => ({
    lines: [
      `value %${to}w: float32[${shape[3]}]`,
      ...(op === 'LayerNormalization' ? [`value %${to}b: float32[${shape[3]}]`] : []),
      `%${to} = ${op}(%${from}, %${to}w${op === 'LayerNormalization' ? `, %${to}b` : ''}) {epsilon=0.1}`,
    ],
    shape,
  });
});

/** A product with weights, its bias and an activation, or of the value with its own transpose. */
const product = fc
  .record({ columns: small(1, 30), bias: fc.boolean(), own: fc.boolean(), activation })
  .map(({ columns, bias, own, activation: after }): MakeStep => {
    return (from, to, shape) => {
      if (own) {
        return {
          lines: [`%${to}t = Transpose(%${from}) {perm=[0, 1, 3, 2]}`, `%${to} = MatMul(%${from}, %${to}t)`],
          shape: shape.with(3, shape[2] ?? 1),
        };
      }
      return {
        lines: [
          `value %${to}w: float32[${shape[3]}, ${columns}]`,
          `value %${to}b: float32[${bias ? columns : 1}]`,
          `%${to}p = MatMul(%${from}, %${to}w)`,
          `%${to}q = Add(%${to}b, %${to}p)`,
          `%${to} = ${after.replace('X', `%${to}q`)}`,
        ],
        shape: shape.with(3, columns),
      };
    };
  });

const pad = fc.tuple(small(-1, 2), small(0, 2), small(0, 3)).map(([before, after, axis]): MakeStep => {
  return (from, to, shape) => {
    const first = (shape[axis] ?? 1) + before + after > 0 ? before : 0;
    const pads = [0, 1, 2, 3].map((each) => (each === axis ? first : 0));
    const ends = [0, 1, 2, 3].map((each) => (each === axis ? after : 0));
    return {
      lines: [
        ints(`${to}n`, [...pads, ...ends]),
        `const %${to}v: float32[] = 0.5`,
        `%${to} = Pad(%${from}, %${to}n, %${to}v)`,
      ],
      shape: shape.with(axis, (shape[axis] ?? 1) + first + after),
    };
  };
});

const mirrorPad = fc
  .tuple(
    fc.constantFrom('reflect', 'edge', 'wrap'),
    fc.array(small(0, 2), { minLength: 4, maxLength: 4 }),
    small(0, 2),
  )
  .map(([mode, counts, axis]): MakeStep => {
    return (from, to, shape) => {
      const most = (i: number) => (shape[axis + (i % 2)] ?? 1) - Number(mode === 'reflect');
      const pads = counts.map((count, i) => Math.min(count, most(i)));
      return {
        lines: [
          ints(`${to}n`, pads),
          ints(`${to}a`, [axis, axis + 1]),
          `%${to} = Pad(%${from}, %${to}n, _, %${to}a) {mode="${mode}"}`,
        ],
        shape: shape.map((size, each) =>
          each === axis || each === axis + 1
            ? size + (pads[each - axis] ?? 0) + (pads[each - axis + 2] ?? 0)
            : size,
        ),
      };
    };
  });

const square = fc.constant<MakeStep>((from, to, shape) => ({
  lines: [`const %${to}e: float32[] = 2`, `%${to} = Pow(%${from}, %${to}e)`],
  shape,
}));

const gather = fc.tuple(small(0, 3), fc.array(small(-1, 0), { minLength: 1, maxLength: 3 })).map(
  ([axis, indices]): MakeStep =>
    (from, to, shape) => ({
      lines: [ints(`${to}i`, indices), `%${to} = Gather(%${from}, %${to}i) {axis=${axis}}`],
      shape: shape.with(axis, indices.length),
    }),
);

const transpose = fc.shuffledSubarray([0, 1, 2, 3], { minLength: 4 }).map(
  (perm): MakeStep =>
    (from, to, shape) => ({
      lines: [`%${to} = Transpose(%${from}) {perm=${list(perm)}}`],
      shape: perm.map((each) => shape[each] ?? 1),
    }),
);

const step = fc.oneof(
  { weight: 4, arbitrary: convolution },
  { weight: 2, arbitrary: binary },
  { weight: 2, arbitrary: product },
  ...[
    unary,
    softmax,
    clip,
    pool,
    reduction,
    dropped,
    globalPool,
    layerNorm,
    pad,
    mirrorPad,
    square,
    gather,
    transpose,
  ],
);

const chain = fc.record({
  shape: fc.tuple(small(1, 2), ...[1, 2, 3].map(() => small(1, 7))),
  steps: fc.array(step, { minLength: 1, maxLength: 6 }),
});

/** Each step ends in a Tanh, which keeps errors from growing. */
function asCase({ shape, steps }: { shape: readonly number[]; steps: readonly MakeStep[] }): ConformanceCase {
  let now = shape;
  const lines = steps.flatMap((make, i) => {
    const made = make(`x${i}`, `y${i}`, now);
    now = made.shape;
    return [...made.lines, `%x${i + 1} = Tanh(%y${i})`];
  });
  return {
    name: 'floats',
    graph: `graph opset 24 {\n${[`input %x0: float32${list(shape)}`, ...lines, `output %x${steps.length}`].join('\n')}\n}`,
    extremes: false,
    bound: { kind: 'normalized', terms: 500 },
  };
}

describeWithAddon('chains of float ops agree with the reference', () => {
  const backend = cpu();

  it('in any layout, fused or not', async () => {
    await fc.assert(
      fc.asyncProperty(chain, async (test) => {
        expect(await runCase(backend, asCase(test))).toEqual({ outcome: 'passed' });
      }),
      { numRuns: 150 },
    );
  });
});
