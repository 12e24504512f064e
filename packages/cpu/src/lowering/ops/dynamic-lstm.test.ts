import { type ConformanceCase, declineReason, runCase } from '@octavo/conformance';
import { elementCount, fromNumbers, type Tensor } from '@octavo/core/tensor';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { describeWithAddon } from '../../../tests/addon.js';
import { cpu } from '../../backend/cpu.js';

const small = (min: number, max: number) => fc.integer({ min, max });

const layer = fc.record({
  direction: fc.constantFrom('forward', 'reverse', 'bidirectional'),
  steps: fc.constantFrom(1, 1, 1, 0),
  batch: fc.oneof(small(1, 3), fc.constantFrom(13, 0)),
  width: small(1, 9),
  hidden: fc.oneof(small(1, 19), fc.constantFrom(33)),
  storage: fc.constantFrom('int8', 'uint8'),
  perColumn: fc.boolean(),
  zeroPoint: fc.constantFrom(0, 5),
  bias: fc.boolean(),
  lengths: fc.option(fc.array(small(-1, 2), { minLength: 13, maxLength: 13 }), { nil: undefined }),
  initial: fc.boolean(),
  peepholes: fc.boolean(),
  attributes: fc.constantFrom(
    '',
    ', input_forget=1',
    ', clip=0.5',
    ', activations=["Relu", "Tanh", "Elu", "Sigmoid", "Relu", "Tanh"]',
  ),
  outputs: fc.constantFrom('%y, %h, %c', '%y', '_, %h', '_, %h, %c'),
  seed: small(1, 1000),
});

type Layer = typeof layer extends fc.Arbitrary<infer T> ? T : never;

const dims = (...sizes: number[]): string => `[${sizes.join(', ')}]`;

/** Operands by name with their types; undefined where an optional one is left out. */
function operandsOf(each: Layer, directions: number): (readonly [string, string, string] | undefined)[] {
  const { steps, batch, width, hidden, storage } = each;
  const columns = 4 * hidden;
  const states = `float32${dims(directions, batch, hidden)}`;
  const parameters = each.perColumn ? dims(directions, columns) : dims(directions);
  return [
    ['input', 'x', `float32${dims(steps, batch, width)}`],
    ['value', 'w', `${storage}${dims(directions, width, columns)}`],
    ['value', 'r', `${storage}${dims(directions, hidden, columns)}`],
    each.bias ? ['value', 'b', `float32${dims(directions, 2 * columns)}`] : undefined,
    each.lengths ? ['input', 'n', `int32${dims(batch)}`] : undefined,
    each.initial ? ['input', 'h0', states] : undefined,
    each.initial ? ['input', 'c0', states] : undefined,
    each.peepholes ? ['value', 'p', `float32${dims(directions, 3 * hidden)}`] : undefined,
    ['value', 'ws', `float32${parameters}`],
    ['value', 'wz', `${storage}${parameters}`],
    ['value', 'rs', `float32${parameters}`],
    ['value', 'rz', `${storage}${parameters}`],
  ];
}

function asCase(each: Layer): ConformanceCase {
  const directions = each.direction === 'bidirectional' ? 2 : 1;
  const { hidden, width, batch, storage, seed, zeroPoint } = each;
  const operands = operandsOf(each, directions);
  const columns = 4 * hidden;
  const parameters = each.perColumn ? [directions, columns] : [directions];
  const integers = (shape: readonly number[], start: number): Tensor =>
    fromNumbers(
      storage,
      shape,
      Array.from({ length: elementCount(shape) }, (_, i) =>
        Math.round(127 * Math.sin(start + 12.9898 * i) + (storage === 'uint8' ? 128 : 0)),
      ),
    );
  const filled = (dtype: 'float32' | 'int8' | 'uint8', at: (i: number) => number): Tensor =>
    fromNumbers(
      dtype,
      parameters,
      Array.from({ length: elementCount(parameters) }, (_, i) => at(i)),
    );
  const points = (start: number) => filled(storage, (i) => zeroPoint * ((start + i) % 7));
  const scales = (depth: number) => filled('float32', (i) => (1 + (i % 3)) / (127 * depth));
  return {
    name: 'dynamic LSTM',
    graph: [
      'graph opset 21, com.microsoft 1 {',
      ...operands.flatMap((entry) => (entry ? [`${entry[0]} %${entry[1]}: ${entry[2]}`] : [])),
      `${each.outputs} = com.microsoft::DynamicQuantizeLSTM(${operands.map((entry) => (entry ? `%${entry[1]}` : '_')).join(', ')}) {direction="${each.direction}", hidden_size=${hidden}${each.attributes}}`,
      `output ${each.outputs.replaceAll('_, ', '')}`,
      '}',
    ].join('\n'),
    values: {
      ...{ w: integers([directions, width, columns], seed), ws: scales(width), wz: points(1) },
      ...{ r: integers([directions, hidden, columns], seed + 1), rs: scales(hidden), rz: points(2) },
      ...(each.lengths ? { n: fromNumbers('int32', [batch], each.lengths.slice(0, batch)) } : {}),
    },
    extremes: false,
    bound: { kind: 'normalized', terms: 200 },
  };
}

describeWithAddon('an LSTM that quantizes its states', () => {
  const backend = cpu();

  // In a single step both quantize the same numbers; more steps are one after the other (tests/conformance).
  it('agrees with the reference in one step, in every form', async () => {
    await fc.assert(
      fc.asyncProperty(layer, async (each) => {
        expect(await runCase(backend, asCase(each))).toEqual({ outcome: 'passed' });
      }),
      { numRuns: 200 },
    );
  });

  // All gates but the cell input are 1, and that is the sum itself: the hidden state is what the products give.
  it.each([
    ['sums that no float32 holds', 3000],
    ['sums that wrap modulo 2^32', 40_000],
  ])('gives the bits of the reference for %s', async (_, width) => {
    const numbers = (count: number, at: (i: number) => number) =>
      Array.from({ length: count }, (_, i) => at(i));
    const result = await runCase(backend, {
      name: 'products of a dynamic LSTM',
      graph: `graph opset 21, com.microsoft 1 {
        input %x: float32[1, 16, ${width}]
        value %w: int8[1, ${width}, 8]
        value %r: int8[1, 2, 8]
        value %h0: float32[1, 16, 2]
        value %b: float32[1, 16]
        value %ws: float32[1]
        value %wz: int8[1]
        value %p: float32[1, 6]
        %y, %h = com.microsoft::DynamicQuantizeLSTM(%x, %w, %r, %b, _, %h0, _, %p, %ws, %wz, %ws, %wz) {hidden_size=2, activations=["Affine", "Affine", "Affine"], activation_alpha=[0.0, 1.0, 1.0], activation_beta=[1.0, 0.0, 0.0]}
        output %y, %h
      }`,
      values: {
        x: fromNumbers(
          'float32',
          [1, 16, width],
          numbers(16 * width, (i) => 0.8 + 0.2 * Math.sin(i * i)),
        ),
        w: fromNumbers(
          'int8',
          [1, width, 8],
          numbers(8 * width, (i) => (i % 5 === 0 ? 120 : 127)),
        ),
        r: fromNumbers(
          'int8',
          [1, 2, 8],
          numbers(16, (i) => 100 - i),
        ),
        h0: fromNumbers('float32', [1, 16, 2], numbers(32, Math.sin)),
        b: fromNumbers('float32', [1, 16], new Array(16).fill(0)),
        ws: fromNumbers('float32', [1], [0.0123]),
        wz: fromNumbers('int8', [1], [-128]),
        p: fromNumbers('float32', [1, 6], new Array(6).fill(0)),
      },
      extremes: false,
      bound: { kind: 'exact' },
    });
    expect(result).toEqual({ outcome: 'passed' });
  });

  it('is declined where its weights are not constant, or its scales belong to nothing', () => {
    const reasonFor = (weights: string, scales: string) =>
      declineReason(backend, {
        name: 'declined',
        graph: `graph opset 21, com.microsoft 1 {
          input %x: float32[2, 3, 4]
          ${weights} %w: int8[1, 4, 20]
          value %r: int8[1, 5, 20]
          value %s: float32${scales}
          value %z: int8[1]
          %y = com.microsoft::DynamicQuantizeLSTM(%x, %w, %r, _, _, _, _, _, %s, %z, %s, %z) {hidden_size=5}
          output %y
        }`,
      });
    expect(reasonFor('value', '[1]')).toBeUndefined();
    expect(reasonFor('input', '[1]')).toBe('DynamicQuantizeLSTM: its weights are not constant');
    expect(reasonFor('value', '[3]')).toBe(
      'DynamicQuantizeLSTM: its weights are not quantized by direction or by column',
    );
  });
});
