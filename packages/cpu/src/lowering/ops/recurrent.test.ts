import { type ConformanceCase, declineReason, runCase } from '@octavo/conformance';
import { elementCount, fromNumbers, type Tensor } from '@octavo/core/tensor';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { describeWithAddon } from '../../../tests/addon.js';
import { cpu } from '../../backend/cpu.js';

/** A kind of layer: its gates, and the activations of one direction with as many alphas and betas as these take. */
interface Kind {
  readonly op: 'LSTM' | 'GRU' | 'RNN';
  readonly gates: number;
  /** How many; the first of LSTM and GRU are what states are multiplied by. */
  readonly functions: number;
  readonly attributes: readonly string[];
}

const KINDS: readonly Kind[] = [
  { op: 'LSTM', gates: 4, functions: 3, attributes: [''] },
  { op: 'LSTM', gates: 4, functions: 3, attributes: ['input_forget=1'] },
  { op: 'GRU', gates: 3, functions: 2, attributes: [''] },
  { op: 'GRU', gates: 3, functions: 2, attributes: ['linear_before_reset=1'] },
  { op: 'RNN', gates: 1, functions: 1, attributes: [''] },
];

/** Names in any case, and how many alphas and betas they take. */
const ACTIVATIONS: readonly (readonly [string, number, number])[] = [
  ['Sigmoid', 0, 0],
  ['tanh', 0, 0],
  ['Relu', 0, 0],
  ['Affine', 1, 1],
  ['LeakyRelu', 1, 0],
  ['ThresholdedRelu', 1, 0],
  ['ScaledTanh', 1, 1],
  ['HardSigmoid', 1, 1],
  ['Elu', 1, 0],
  ['Softsign', 0, 0],
  ['softplus', 0, 0],
];

/** Of {@link ACTIVATIONS}. */
const UNBOUNDED = new Set(['Relu', 'Affine', 'LeakyRelu', 'ThresholdedRelu', 'Elu', 'softplus']);

const small = (min: number, max: number) => fc.integer({ min, max });

const drawn = fc.record({
  kind: fc.constantFrom(...KINDS),
  direction: fc.constantFrom('forward', 'reverse', 'bidirectional'),
  layout: fc.constantFrom(0, 1),
  steps: fc.oneof(small(1, 6), fc.constant(0)),
  batch: fc.oneof(small(1, 3), fc.constantFrom(13, 0)),
  width: small(1, 9),
  hidden: fc.oneof(small(1, 19), fc.constantFrom(8, 16, 33)),
  bias: fc.boolean(),
  lengths: fc.option(fc.array(small(-1, 8), { minLength: 13, maxLength: 13 }), { nil: undefined }),
  initial: fc.constantFrom('none', 'h', 'c', 'both'),
  peepholes: fc.boolean(),
  clip: fc.option(fc.constantFrom(0.5, 3), { nil: undefined }),
  activations: fc.option(fc.array(fc.constantFrom(...ACTIVATIONS), { minLength: 6, maxLength: 6 }), {
    nil: undefined,
  }),
  parameters: fc.array(fc.constantFrom(0.25, 0.5, 0.75), { minLength: 12, maxLength: 12 }),
  outputs: fc.constantFrom(['y', 'h', 'c'], ['y'], ['h'], ['y', 'c'], ['h', 'c'], ['c']),
});

type Layer = typeof drawn extends fc.Arbitrary<infer T> ? T : never;

/**
 * States that are multiplied by an unbounded function of themselves grow with the square at every step: past float32 in six, where
 * the order of sums decides between infinity and NaN. Two steps stay far from it.
 */
function withinFloats(each: Layer): Layer {
  const { kind, direction, activations = [], clip, steps } = each;
  const firsts = direction === 'bidirectional' ? [0, kind.functions] : [0];
  const gates = kind.op === 'RNN' ? [] : firsts.flatMap((index) => activations[index]?.[0] ?? []);
  const isBounded = clip !== undefined || !gates.some((name) => UNBOUNDED.has(name));
  return isBounded ? each : { ...each, steps: Math.min(steps, 2) };
}

const layer = drawn.map(withinFloats);

function attributesOf(each: Layer, directions: number): string {
  const chosen = each.activations?.slice(0, directions * each.kind.functions);
  const [alphas, betas] = [1, 2].map((column) =>
    each.parameters
      .slice(
        0,
        chosen?.reduce((sum, entry) => sum + Number(entry[column]), 0),
      )
      .map((value) => (value * column).toFixed(2)),
  );
  return [
    each.kind.attributes[0],
    `direction="${each.direction}", layout=${each.layout}, hidden_size=${each.hidden}`,
    each.clip === undefined ? '' : `clip=${each.clip.toFixed(2)}`,
    chosen ? `activations=[${chosen.map(([name]) => `"${name}"`).join(', ')}]` : '',
    chosen && alphas?.length ? `activation_alpha=[${alphas.join(', ')}]` : '',
    chosen && betas?.length ? `activation_beta=[${betas.join(', ')}]` : '',
  ]
    .filter((text) => text !== '')
    .join(', ');
}

/** Operands by name with their types; weights are constants, everything else is fed. */
function operandsOf(
  each: Layer,
  directions: number,
): readonly (readonly [string, string, string] | undefined)[] {
  const { kind, layout, steps, batch, width, hidden, initial } = each;
  const dims = (...sizes: number[]) => `[${sizes.join(', ')}]`;
  const rows = kind.gates * hidden;
  const states = layout === 0 ? dims(directions, batch, hidden) : dims(batch, directions, hidden);
  const isLstm = kind.op === 'LSTM';
  return [
    ['input', 'x', `float32${layout === 0 ? dims(steps, batch, width) : dims(batch, steps, width)}`],
    ['value', 'w', `float32${dims(directions, rows, width)}`],
    ['value', 'r', `float32${dims(directions, rows, hidden)}`],
    each.bias ? ['value', 'b', `float32${dims(directions, 2 * rows)}`] : undefined,
    each.lengths ? ['input', 'n', `int32${dims(batch)}`] : undefined,
    initial === 'h' || initial === 'both' ? ['input', 'h0', `float32${states}`] : undefined,
    isLstm && initial !== 'none' && initial !== 'h' ? ['input', 'c0', `float32${states}`] : undefined,
    isLstm && each.peepholes ? ['value', 'p', `float32${dims(directions, 3 * hidden)}`] : undefined,
  ];
}

/** Weights whose products keep the size of what they multiply, so that errors do not grow from step to step. */
function weights(shape: readonly number[], start: number): Tensor {
  const limit = 1 / Math.sqrt(shape.at(-1) ?? 1);
  const elements = Array.from(
    { length: elementCount(shape) },
    (_, i) => limit * Math.sin(start + 12.9898 * i),
  );
  return fromNumbers('float32', shape, elements);
}

function asCase(each: Layer): ConformanceCase {
  const directions = each.direction === 'bidirectional' ? 2 : 1;
  const operands = operandsOf(each, directions);
  const names = operands.map((entry) => (entry ? `%${entry[1]}` : '_'));
  while (names.at(-1) === '_') names.pop();
  const given = each.kind.op === 'LSTM' ? ['y', 'h', 'c'] : ['y', 'h'];
  const wanted = each.outputs.filter((name) => given.includes(name));
  const kept = wanted.length > 0 ? wanted : ['y'];
  const results = given.map((name) => (kept.includes(name) ? `%${name}` : '_'));
  while (results.at(-1) === '_') results.pop();
  const lines = [
    ...operands.flatMap((entry) => (entry ? [`${entry[0]} %${entry[1]}: ${entry[2]}`] : [])),
    `${results.join(', ')} = ${each.kind.op}(${names.join(', ')}) {${attributesOf(each, directions)}}`,
    `output ${kept.map((name) => `%${name}`).join(', ')}`,
  ];
  const lengths = each.lengths?.slice(0, each.batch);
  const rows = each.kind.gates * each.hidden;
  return {
    name: 'recurrent',
    graph: `graph opset 22 {\n${lines.join('\n')}\n}`,
    values: {
      w: weights([directions, rows, each.width], 1),
      r: weights([directions, rows, each.hidden], 2),
      ...(lengths ? { n: fromNumbers('int32', [each.batch], lengths) } : {}),
    },
    extremes: false,
    bound: { kind: 'normalized', terms: 200 },
  };
}

describeWithAddon('recurrent layers agree with the reference', () => {
  const backend = cpu();

  it('of every kind, shape, direction and activation', async () => {
    await fc.assert(
      fc.asyncProperty(layer, async (each) => {
        expect(await runCase(backend, asCase(each))).toEqual({ outcome: 'passed' });
      }),
      { numRuns: 200 },
    );
  });

  it('of a batch that threads share', async () => {
    for (const [op, gates] of [
      ['LSTM', 4],
      ['GRU', 3],
    ] as const) {
      const graph = `graph opset 22 {
        input %x: float32[5, 19, 24]
        value %w: float32[2, ${gates * 40}, 24]
        value %r: float32[2, ${gates * 40}, 40]
        %y, %h = ${op}(%x, %w, %r) {direction="bidirectional", hidden_size=40}
        output %y, %h
      }`;
      const test: ConformanceCase = {
        name: 'large',
        graph,
        values: { w: weights([2, gates * 40, 24], 1), r: weights([2, gates * 40, 40], 2) },
        extremes: false,
        bound: { kind: 'normalized', terms: 200 },
      };
      expect(await runCase(backend, test)).toEqual({ outcome: 'passed' });
    }
  });

  it('but for those that it says it does not take', () => {
    const reasonFor = (attributes: string, weights = 'value') =>
      declineReason(backend, {
        name: 'declined',
        graph: `graph opset 22 {
          input %x: float32[2, 3, 4]
          ${weights} %w: float32[1, 5, 4]
          value %r: float32[1, 5, 5]
          %y = RNN(%x, %w, %r) {hidden_size=5${attributes}}
          output %y
        }`,
      });
    expect(reasonFor('')).toBeUndefined();
    expect(reasonFor('', 'input')).toBe('RNN: its weights are not constant');
    expect(reasonFor(', activations=["Cube"]')).toBe('RNN: no kernel for the activation cube');
    expect(reasonFor(', clip=-1.0')).toBe('RNN: its clip is no limit');
  });
});
