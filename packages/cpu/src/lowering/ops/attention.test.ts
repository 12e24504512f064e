import { type ConformanceCase, runCase } from '@octavo/conformance';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { describeWithAddon } from '../../../tests/addon.js';
import { cpu } from '../../backend/cpu.js';

const small = (min: number, max: number) => fc.integer({ min, max });

const attending = fc.record({
  batch: small(1, 2),
  keyHeads: small(1, 3),
  group: small(1, 3),
  queries: fc.oneof(small(1, 9), small(30, 60)),
  keys: fc.oneof(small(1, 9), small(100, 140)),
  width: small(0, 9),
  valueWidth: small(0, 9),
  merged: fc.boolean(),
  causal: fc.boolean(),
  scaled: fc.boolean(),
  mask: fc.constantFrom('none', 'keys', 'plane', 'heads', 'full'),
});

type Attending = typeof attending extends fc.Arbitrary<infer T> ? T : never;

/** The shape of a value of some heads: as an axis of its own, or merged into the last one. */
function shapeOf({ batch, merged }: Attending, heads: number, length: number, width: number): string {
  return merged ? `[${batch}, ${length}, ${heads * width}]` : `[${batch}, ${heads}, ${length}, ${width}]`;
}

function maskOf({ batch, keyHeads, group, queries, keys, mask }: Attending): readonly number[] {
  switch (mask) {
    case 'keys':
      return [keys];
    case 'plane':
      return [queries, keys];
    case 'heads':
      return [keyHeads * group, queries, keys];
    default:
      return [batch, 1, queries, keys];
  }
}

function asCase(each: Attending): ConformanceCase {
  const { keyHeads, group, queries, keys, width, valueWidth, merged, causal, scaled, mask } = each;
  const heads = keyHeads * group;
  const attributes = [
    ...(merged ? [`q_num_heads=${heads}`, `kv_num_heads=${keyHeads}`] : []),
    ...(causal ? ['is_causal=1'] : []),
    ...(scaled ? ['scale=0.5'] : []),
  ];
  const lines = [
    `input %q: float32${shapeOf(each, heads, queries, width)}`,
    `input %k: float32${shapeOf(each, keyHeads, keys, width)}`,
    `input %v: float32${shapeOf(each, keyHeads, keys, valueWidth)}`,
    ...(mask === 'none' ? [] : [`input %m: float32[${maskOf(each).join(', ')}]`]),
    `%y = Attention(%q, %k, %v${mask === 'none' ? '' : ', %m'})${attributes.length > 0 ? ` {${attributes.join(', ')}}` : ''}`,
    'output %y',
  ];
  return {
    name: 'attention',
    graph: `graph opset 24 {\n${lines.join('\n')}\n}`,
    extremes: false,
    bound: { kind: 'normalized', terms: 100 },
  };
}

describeWithAddon('Attention on the CPU', () => {
  it('agrees with the reference for grouped heads, either layout, masks and causality', async () => {
    const backend = cpu();
    await fc.assert(
      fc.asyncProperty(attending, async (each) => {
        expect(await runCase(backend, asCase(each))).toEqual({ outcome: 'passed' });
      }),
      { numRuns: 60 },
    );
  });
});
