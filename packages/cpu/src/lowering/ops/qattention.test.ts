import { type ConformanceCase, declineReason, runCase } from '@octavo/conformance';
import { fromNumbers, type Tensor } from '@octavo/core/tensor';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { describeWithAddon } from '../../../tests/addon.js';
import { cpu } from '../../backend/cpu.js';

const small = (min: number, max: number) => fc.integer({ min, max });

const attending = fc.record({
  batch: small(1, 3),
  length: small(1, 9),
  heads: small(1, 3),
  width: small(1, 9),
  depth: small(1, 40),
  input: fc.constantFrom('uint8', 'int8'),
  weight: fc.constantFrom('uint8', 'int8'),
  perColumn: fc.boolean(),
  zeroPoints: fc.boolean(),
  causal: fc.constantFrom(0, 1),
  scaled: fc.boolean(),
  mask: fc.constantFrom('none', 'ends', 'ends and starts', 'keys', 'queries and keys'),
  seed: small(0, 1 << 20),
});

type Attending = typeof attending extends fc.Arbitrary<infer T> ? T : never;

/** Every query sees a key: where all are hidden, the rounding of `score - 10000` decides. */
function maskOf({ mask, batch, length, causal, seed }: Attending): Tensor | undefined {
  const samples = Array.from({ length: batch }, (_, b) => b);
  const ends = samples.map((b) => 1 + ((seed >> b) % length));
  const seen = (shape: readonly number[]) =>
    fromNumbers(
      'int32',
      shape,
      Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) =>
        i % length === 0 ? 1 : (seed >> (i % 20)) & 1,
      ),
    );
  switch (mask) {
    case 'none':
      return undefined;
    case 'ends':
      return fromNumbers('int32', [batch], ends);
    case 'ends and starts':
      return fromNumbers(
        'int32',
        [2 * batch],
        [...ends, ...ends.map((end) => (causal ? 0 : (end - 1) >> 1))],
      );
    case 'keys':
      return seen([batch, length]);
    case 'queries and keys':
      return seen([batch, length, length]);
  }
}

function asCase(each: Attending): ConformanceCase {
  const { batch, length, heads, width, depth, perColumn, zeroPoints } = each;
  const columns = 3 * heads * width;
  const scales = `float32[${perColumn ? columns : ''}]`;
  const fill = (value: (i: number) => number) => {
    const values = Array.from({ length: columns }, (_, i) => value(i));
    return perColumn ? `[${values.join(', ')}]` : values[0];
  };
  const mask = maskOf(each);
  const zero = `${each.weight}[${perColumn ? columns : ''}] = ${fill((i) => (i * 7) % 100)}`;
  const attributes = [
    `num_heads=${heads}`,
    `unidirectional=${each.causal}`,
    ...(each.scaled ? ['scale=0.25'] : []),
  ];
  const lines = [
    `input %x: ${each.input}[${batch}, ${length}, ${depth}]`,
    `value %w: ${each.weight}[${depth}, ${columns}]`,
    `value %b: float32[${columns}]`,
    `const %xs: float32[] = 0.01`,
    `const %ws: ${scales} = ${fill((i) => 0.002 + (i % 5) / 1000)}`,
    ...(mask ? [`input %m: int32[${mask.shape.join(', ')}]`] : []),
    ...(zeroPoints ? [`const %xz: ${each.input}[] = 3`, `const %wz: ${zero}`] : []),
    `%y = com.microsoft::QAttention(%x, %w, %b, %xs, %ws, ${mask ? '%m' : '_'}${zeroPoints ? ', %xz, %wz' : ''}) {${attributes.join(', ')}}`,
    'output %y',
  ];
  return {
    name: 'qattention',
    graph: `graph opset 21, com.microsoft 1 {\n${lines.join('\n')}\n}`,
    ...(mask ? { values: { m: mask } } : {}),
    extremes: false,
    bound: { kind: 'normalized', terms: 100 },
  };
}

describeWithAddon('QAttention on the CPU', () => {
  const backend = cpu();

  it('agrees with the reference for every mask, sign and granularity', async () => {
    await fc.assert(
      fc.asyncProperty(attending, async (each) => {
        expect(await runCase(backend, asCase(each))).toEqual({ outcome: 'passed' });
      }),
      { numRuns: 60 },
    );
  });

  it.each([
    ['weights that vary', 'input %w: int8[4, 12]', ['w'], 'its weights are no constant matrix'],
    ['a mask of another size', 'input %m: int32[3]', ['m'], 'its mask has another size'],
    ['a past', 'input %p: float32[2, 1, 2, 3, 2]', ['p'], 'it has keys of earlier runs'],
  ])('declines %s', (_, line, [name = ''], reason) => {
    const lines = [
      'input %x: uint8[1, 2, 4]',
      line,
      ...(name === 'w' ? [] : ['value %w: int8[4, 12]']),
      'value %b: float32[12]',
      'const %xs: float32[] = 0.01',
      `%y = com.microsoft::QAttention(%x, %w, %b, %xs, %xs, ${name === 'm' ? '%m' : '_'}, _, _${name === 'p' ? ', %p' : ''}) {num_heads=2}`,
      'output %y',
    ];
    const graph = `graph opset 21, com.microsoft 1 {\n${lines.join('\n')}\n}`;
    expect(declineReason(backend, { name: 'qattention', graph })).toBe(`QAttention: ${reason}`);
  });
});
