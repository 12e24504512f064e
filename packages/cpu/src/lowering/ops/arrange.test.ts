import { type ConformanceCase, runCase } from '@octavo/conformance';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { describeWithAddon } from '../../../tests/addon.js';
import { graphOf } from '../../../tests/compile-graph.js';
import { cpu } from '../../backend/cpu.js';

/** A step of a chain over one value of rank 4, from its shape to text and its next shape. */
interface Step {
  readonly lines: readonly string[];
  readonly shape: readonly number[];
}
type MakeStep = (from: string, to: string, shape: readonly number[]) => Step;

const axis = fc.integer({ min: -4, max: 3 });
const list = (values: readonly number[]) => `[${values.join(', ')}]`;
const ints = (name: string, values: readonly number[]) =>
  `const %${name}: int64[${values.length}] = ${list(values)}`;
/** Every value has this type, so that any step can follow any other. */
const typed = (name: string, dims: readonly (number | string)[] = ['?', '?', '?', '?']) =>
  `%${name}: int8[${dims.join(', ')}] quantized(scale 1, zero 0)`;
const at = (shape: readonly number[], each: number) => shape.at(each) ?? 1;

const transpose = fc.shuffledSubarray([0, 1, 2, 3], { minLength: 4 }).map(
  (perm): MakeStep =>
    (from, to, shape) => ({
      lines: [`${typed(to)} = Transpose(%${from}) {perm=${list(perm)}}`],
      shape: perm.map((each) => shape[each] ?? 1),
    }),
);

/** Backward to the first element, or forward from the second one. */
const slice = fc.tuple(axis, fc.constantFrom(1, 2, -1, -2)).map(
  ([along, step]): MakeStep =>
    (from, to, shape) => {
      const size = at(shape, along);
      const start = step < 0 ? size - 1 : Math.min(1, size - 1);
      const count = Math.ceil((step < 0 ? size : size - start) / Math.abs(step));
      return {
        lines: [
          ints(`${to}s`, [start]),
          ints(`${to}e`, [step < 0 ? -size - 1 : size]),
          ints(`${to}a`, [along]),
          ints(`${to}t`, [step]),
          `${typed(to)} = Slice(%${from}, %${to}s, %${to}e, %${to}a, %${to}t)`,
        ],
        shape: shape.with(along, count),
      };
    },
);

const doubled = axis.map(
  (along): MakeStep =>
    (from, to, shape) => ({
      lines: [`${typed(to)} = Concat(%${from}, %${from}) {axis=${along}}`],
      shape: shape.with(along, at(shape, along) * 2),
    }),
);

const parts = axis.map(
  (along): MakeStep =>
    (from, to, shape) => {
      const size = at(shape, along);
      if (size < 2) return { lines: [`${typed(to)} = Identity(%${from})`], shape };
      return {
        lines: [
          ints(`${to}n`, [1, size - 1]),
          `${typed(`${to}l`)}, ${typed(`${to}r`)} = Split(%${from}, %${to}n) {axis=${along}}`,
          `${typed(to)} = Concat(%${to}r, %${to}l) {axis=${along}}`,
        ],
        shape,
      };
    },
);

const enlargement = fc
  .record({
    factors: fc.tuple(fc.constantFrom(1, 2), fc.integer({ min: 1, max: 3 }), fc.integer({ min: 1, max: 3 })),
    coordinates: fc.constantFrom('asymmetric', 'half_pixel', 'pytorch_half_pixel'),
    bySize: fc.boolean(),
  })
  .map(
    ({ factors: [c, h, w], coordinates, bySize }): MakeStep =>
      (from, to, shape) => {
        const scales = [1, c, h, w];
        const next = shape.map((size, each) => size * at(scales, each));
        const rounding = coordinates === 'asymmetric' ? 'floor' : 'round_prefer_floor';
        const target = bySize ? ints(`${to}r`, next) : `const %${to}r: float32[4] = [${scales.join(', ')}]`;
        return {
          lines: [
            target,
            `${typed(to)} = Resize(%${from}, _, ${bySize ? `_, %${to}r` : `%${to}r`}) {mode="nearest", coordinate_transformation_mode="${coordinates}", nearest_mode="${rounding}"}`,
          ],
          shape: next,
        };
      },
  );

const reshape = fc.nat(2).map(
  (join): MakeStep =>
    (from, to, shape) => {
      const next = [
        ...shape.slice(0, join),
        at(shape, join) * at(shape, join + 1),
        ...shape.slice(join + 2),
        1,
      ];
      return { lines: [ints(`${to}d`, next), `${typed(to)} = Reshape(%${from}, %${to}d)`], shape: next };
    },
);

/** Gives its output in channels last, whatever comes in. */
const convolution = fc.constantFrom(1, 3).map(
  (channels): MakeStep =>
    (from, to, shape) => ({
      lines: [
        `value ${typed(`${to}w`, [channels, shape[1] ?? 1, 1, 1])}`,
        `${typed(to)} = Conv(%${from}, %${to}w)`,
      ],
      shape: shape.with(1, channels),
    }),
);

const chain = fc.record({
  shape: fc.tuple(fc.integer({ min: 1, max: 2 }), ...[1, 2, 3].map(() => fc.integer({ min: 1, max: 5 }))),
  steps: fc.array(
    fc.oneof(transpose, slice, doubled, parts, reshape, enlargement, convolution, convolution),
    {
      minLength: 1,
      maxLength: 6,
    },
  ),
});

function asCase({ shape, steps }: { shape: readonly number[]; steps: readonly MakeStep[] }): ConformanceCase {
  let now = shape;
  const lines = steps.flatMap((make, i) => {
    const step = make(`x${i}`, `x${i + 1}`, now);
    now = step.shape;
    return step.lines;
  });
  const text = [`input ${typed('x0', shape)}`, ...lines, `output %x${steps.length}`].join('\n');
  return { name: 'chain', graph: `graph opset 21 {\n${text}\n}` };
}

describeWithAddon('chains of ops that move elements agree with the reference', () => {
  const backend = cpu();

  it('in any layout', async () => {
    await fc.assert(
      fc.asyncProperty(chain, async (test) => {
        expect(await runCase(backend, asCase(test))).toEqual({ outcome: 'passed' });
      }),
      { numRuns: 60 },
    );
  });

  it.each(['int8', 'uint8'])('pads quantized %s values with their zero point', async (dtype) => {
    const type = `${dtype}[?, ?, ?, ?] quantized(scale 0.5, zero 7)`;
    const graph = [
      `input %x: ${dtype}[2, 3, 4, 5] quantized(scale 0.5, zero 7)`,
      'const %pads: int64[8] = [0, 1, 0, 2, 1, 0, -1, 3]',
      `%y: ${type} = Pad(%x, %pads)`,
      'output %y',
    ].join('\n');
    const test = { name: 'pad', graph: `graph opset 21 {\n${graph}\n}` };
    expect(await runCase(backend, test)).toEqual({ outcome: 'passed' });
    const parsed = graphOf(graph.split('\n'));
    const node = parsed.nodes[0];
    expect(node && backend.supports(node, { graph: parsed, opset: 21 })).toMatchObject({ supported: true });
  });
});
