import { createModel, type Graph, parse } from '@octavo/core/ir';
import { float32 } from '@octavo/core/tensor';
import { createOnnxRuntimeSession } from '@octavo/runtime/onnxruntime';
import { describe, expect, it } from 'vitest';
import { compareLayers, pairValues } from './compare-layers.js';

const ORIGINAL = `graph opset 17 {
  input %x: float32[4]
  %a: float32[4] = Neg(%x) @first
  %b: float32[4] = Abs(%a) @second
  %i: int64[1] = Shape(%b)
  %y: float32[4] = Sqrt(%b) @third
  output %y
}`;

/** The same with `a` rounded to whole numbers and `y` wrong by half. */
const QUANTIZED = `graph opset 17 {
  input %x: float32[4]
  const %one: float32[] = 1
  const %zero: int8[] = 0
  const %half: float32[] = 0.5
  %a: float32[4] = Neg(%x)
  %a_quantized: int8[4] = QuantizeLinear(%a, %one, %zero)
  %a_dequantized: float32[4] = DequantizeLinear(%a_quantized, %one, %zero)
  %b: float32[4] = Abs(%x)
  %root: float32[4] = Sqrt(%b)
  %y: float32[4] = Mul(%root, %half)
  output %y
}`;

async function compare(
  original: Graph,
  quantized: Graph,
  feeds: readonly (readonly number[])[],
  onSample?: (seen: number) => void,
) {
  const pairs = pairValues(original, quantized);
  const taps = (each: 'value' | 'quantizedValue') => ({
    taps: pairs.map((pair) => pair[each]),
    optimization: 'disabled' as const,
  });
  using left = await createOnnxRuntimeSession(createModel(original), taps('value'));
  using right = await createOnnxRuntimeSession(createModel(quantized), taps('quantizedValue'));
  return await compareLayers(
    pairs,
    left,
    right,
    feeds.map((values) => ({ x: float32(values) })),
    onSample,
  );
}

describe('pairValues', () => {
  it('pairs float values by name, dequantized ones first, in topological order', () => {
    expect(pairValues(parse(ORIGINAL), parse(QUANTIZED))).toEqual([
      { value: 'a', quantizedValue: 'a_dequantized', op: 'Neg' },
      { value: 'b', quantizedValue: 'b', op: 'Abs' },
      { value: 'y', quantizedValue: 'y', op: 'Sqrt' },
    ]);
  });
});

describe('compareLayers', () => {
  it('measures each pair over all samples, worst first', async () => {
    const seen: number[] = [];
    const layers = await compare(
      parse(ORIGINAL),
      parse(QUANTIZED),
      [
        [1, 4, 9, 16],
        [0.25, 0, 2.25, -4],
      ],
      (count) => seen.push(count),
    );
    expect(layers.map((layer) => layer.value)).toEqual(['y', 'a', 'b']);
    const [y, a, b] = layers;
    expect(y?.sqnr).toBeCloseTo(20 * Math.log10(2), 6);
    expect([y?.count, y?.cosine, y?.maxAbs]).toEqual([8, expect.closeTo(1, 12), 2]);
    expect(a?.mse).toBeCloseTo((0.25 ** 2 + 0.25 ** 2) / 8, 12);
    expect([b?.sqnr, b?.mse]).toEqual([Number.POSITIVE_INFINITY, 0]);
    expect(seen).toEqual([1, 2]);
  });

  it('counts NaN, and puts a pair without finite numbers first', async () => {
    const original = `graph opset 17 {
      input %x: float32[2]
      %a: float32[2] = Log(%x)
      %b: float32[2] = Neg(%x)
      output %a, %b
    }`;
    const layers = await compare(parse(original), parse(original), [[-1, -2]]);
    expect(layers.map(({ value, count, nonFinite }) => [value, count, nonFinite])).toEqual([
      ['a', 0, 2],
      ['b', 2, 0],
    ]);
  });
});
