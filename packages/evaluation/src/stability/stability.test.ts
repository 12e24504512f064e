import { createModel, type Model, parse } from '@octavo/core/ir';
import { float32 } from '@octavo/core/tensor';
import { reference } from '@octavo/reference';
import { createSession, type NamedTensors, type Session } from '@octavo/runtime';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { activationRanges, measureActivations } from './activations.js';
import { findDeviations } from './determinism.js';
import { DistributionMeasure } from './distribution.js';
import { edgeCases, runEdgeCases } from './edge-cases.js';
import { OutOfRangeSamples } from './out-of-range.js';
import { measureWeights } from './weights.js';

const FLOAT = createModel(
  parse(`graph opset 17 {
    input %x: float32[1, 2]
    const %w: float32[2, 2] = [1, -2, 0.5, 4]
    %h: float32[1, 2] = MatMul(%x, %w)
    %y: float32[1, 2] = Relu(%h)
    output %y
  }`),
);

/** The same with x in [-1, 1.55] and weights of two channels, scales 0.01 and 0.04. */
const QUANTIZED = createModel(
  parse(`graph opset 17 {
    input %x: float32[1, 2]
    const %s: float32[] = 0.01
    const %z: uint8[] = 100
    const %w_quantized: int8[2, 2] = [100, -50, 50, 127]
    const %ws: float32[2] = [0.01, 0.04]
    const %wz: int8[2] = [0, 0]
    %xq: uint8[1, 2] = QuantizeLinear(%x, %s, %z)
    %xd: float32[1, 2] = DequantizeLinear(%xq, %s, %z)
    %wd: float32[2, 2] = DequantizeLinear(%w_quantized, %ws, %wz) {axis = 1}
    %h: float32[1, 2] = MatMul(%xd, %wd)
    %y: float32[1, 2] = Relu(%h)
    output %y
  }`),
);

function open(model: Model, taps: readonly string[] = []): Promise<Session> {
  return createSession(model, { backends: [reference()], taps });
}

const feed = (...numbers: number[]): NamedTensors => ({ x: float32(numbers, [1, 2]) });

describe('DistributionMeasure', () => {
  it('counts every finite element once, in bins that cover them', () => {
    fc.assert(
      fc.property(fc.array(fc.float({ min: -1e6, max: 1e6 }), { minLength: 1, maxLength: 200 }), (values) => {
        const measure = new DistributionMeasure();
        measure.add(Float64Array.from(values));
        const { elements, nonFinite, min, max, bins } = measure.read();
        const finite = values.filter(Number.isFinite);
        expect([elements, nonFinite]).toEqual([values.length, values.length - finite.length]);
        if (finite.length === 0) return;
        expect([min === Math.min(...finite), max === Math.max(...finite)]).toEqual([true, true]);
        expect(bins.counts.reduce((a, b) => a + b, 0)).toBe(finite.length);
        expect(bins.counts.length).toBeLessThanOrEqual(64);
        expect(bins.edges.length).toBe(bins.counts.length + 1);
        bins.counts.forEach((count, i) => {
          const [low = 0, high = 0] = [bins.edges[i], bins.edges[i + 1]];
          expect(count).toBe(finite.filter((value) => value >= low && value < high).length);
        });
      }),
    );
  });
});

describe('activations', () => {
  it('are counted where they leave the range that the quantized model has for them', async () => {
    const ranges = await activationRanges(QUANTIZED.graph, FLOAT.graph);
    expect(ranges.map(({ value }) => value)).toEqual(['x']);
    expect(ranges[0]?.range.min).toBeCloseTo(-1, 6);
    expect(ranges[0]?.range.max).toBeCloseTo(1.55, 6);
    using session = await open(FLOAT, ['x']);
    const [figures] = await measureActivations(ranges, session, [
      feed(-3, 0),
      feed(1.6, 2),
      feed(1.554, -1.004),
    ]);
    expect(figures).toMatchObject({ elements: 6, below: 1, above: 2, saturated: 0.5, max: 2, min: -3 });
  });
});

describe('weights', () => {
  it('are measured as the integers stand, against the original', async () => {
    const [figures, more] = await measureWeights(QUANTIZED, FLOAT.graph);
    expect(more).toBeUndefined();
    expect(figures).toMatchObject({
      value: 'w',
      storage: 'int8',
      granularity: 'per-axis',
      elements: 4,
      atLimits: 0.25,
      zeros: 0,
    });
    expect(figures?.scaleSpread).toBeCloseTo(4, 5);
    expect(figures?.range.min).toBeCloseTo(-128 * 0.04, 5);
    expect(figures?.range.max).toBeCloseTo(127 * 0.04, 5);
    const noise = (4 - Math.fround(127 * Math.fround(0.04))) ** 2;
    expect(figures?.sqnr).toBeCloseTo(10 * Math.log10((1 + 4 + 0.25 + 16) / noise), 3);
  });

  /** y = x w, w = 0.5 to 8 and -0.5 to -8 by row, in integers of `bits` bits with scale 0.5. */
  const NUMBERS = Array.from({ length: 32 }, (_, i) => (i % 2 ? -0.5 : 0.5) * (1 + (i >> 1)));
  const SOURCE = createModel(
    parse(`graph opset 21 {
      input %x: float32[1, 16]
      const %w: float32[16, 2] = [${NUMBERS.join(', ')}]
      %y: float32[1, 2] = MatMul(%x, %w)
      output %y
    }`),
  );

  it('are measured in blocks of MatMulNBits, low bits first', async () => {
    const column = (sign: number): number[] => Array.from({ length: 16 }, (_, k) => 8 + sign * (1 + k));
    const nibbles = [...column(1), ...column(-1)].map((each) => Math.min(Math.max(each, 0), 15));
    const bytes = Array.from(
      { length: 16 },
      (_, i) => (nibbles[2 * i] ?? 0) | ((nibbles[2 * i + 1] ?? 0) << 4),
    );
    const blocks = createModel(
      parse(`graph opset 21, com.microsoft 1 {
        input %x: float32[1, 16]
        const %w_packed: uint8[2, 1, 8] = [${bytes.join(', ')}]
        const %w_scales: float32[2] = [0.5, 0.5]
        %y: float32[1, 2] = com.microsoft::MatMulNBits(%x, %w_packed, %w_scales) {K=16, N=2, bits=4, block_size=16}
        output %y
      }`),
    );
    const [figures] = await measureWeights(blocks, SOURCE.graph);
    expect(figures).toMatchObject({
      ...{ value: 'w', storage: 'uint4', granularity: 'per-block', elements: 32, zeros: 0 },
      ...{ range: { min: -4, max: 3.5 }, scaleSpread: 1, atLimits: (10 + 9) / 32 },
    });
    const noise = NUMBERS.reduce((sum, value) => sum + (value - Math.min(Math.max(value, -4), 3.5)) ** 2, 0);
    const signal = NUMBERS.reduce((sum, value) => sum + value ** 2, 0);
    expect(figures?.sqnr).toBeCloseTo(10 * Math.log10(signal / noise), 6);
  });

  it('are measured as stored where a Cast widens them', async () => {
    const integers = NUMBERS.map((value) => Math.min(Math.max(Math.round(value / 4), -2), 1));
    const narrow = createModel(
      parse(`graph opset 25 {
        input %x: float32[1, 16]
        const %w_quantized: int2[16, 2] = [${integers.join(', ')}]
        const %w_scale: float32[] = 4
        %wide: int8[16, 2] = Cast(%w_quantized) {to=3}
        %v: float32[16, 2] = DequantizeLinear(%wide, %w_scale)
        %y: float32[1, 2] = MatMul(%x, %v)
        output %y
      }`),
    );
    const [figures] = await measureWeights(narrow, SOURCE.graph);
    expect(figures).toMatchObject({ value: 'w', storage: 'int2', granularity: 'per-tensor', elements: 32 });
    expect(figures?.range).toEqual({ min: -8, max: 4 });
    expect(figures?.sqnr).toBeGreaterThan(3);
  });
});

describe('findDeviations', () => {
  /** A session whose second run is off by one unit in the last place. */
  function unsteady(session: Session): Session {
    let runs = 0;
    return {
      ...session,
      run: async (feeds) => {
        const outputs = await session.run(feeds);
        return runs++ === 1 ? { y: float32([1 + 2 ** -23, 2], [1, 2]) } : outputs;
      },
    };
  }

  it('finds one different bit, and nothing where there is none', async () => {
    using session = await open(FLOAT);
    const feeds = [feed(0.5, 1), feed(2, 3)];
    const steady = [1, 2].map((threads) => ({ name: `${threads} threads`, session }));
    expect(await findDeviations(steady, feeds)).toEqual([]);
    const found = await findDeviations([{ name: 'one', session: unsteady(session) }], [feed(0.5, 1)], 2);
    expect(found).toEqual([{ run: 'one, run 2', sample: 0, output: 'y', maxAbs: expect.any(Number) }]);
  });
});

describe('edge cases', () => {
  it('drive both models to the ends of the ranges and beyond, and to NaN', async () => {
    using original = await open(FLOAT);
    using quantized = await open(QUANTIZED);
    const cases = edgeCases(feed(0.25, -0.5), new Map([['x', { min: -1, max: 3 }]]));
    const fed = Object.fromEntries(cases.map(({ name, feeds }) => [name, [...(feeds['x']?.data ?? [])][0]]));
    expect(fed).toMatchObject({
      zeros: 0,
      'every input at its least': -1,
      'every input at its most': 3,
      '10 times above the range': 39,
      '10 times below the range': -37,
      'a real sample times 10': 2.5,
      NaN: Number.NaN,
    });
    const results = await runEdgeCases(cases, original, quantized);
    expect(results.every(({ passed }) => passed)).toBe(true);
    expect(results.find(({ name }) => name === 'zeros')?.sqnr).toBe(Number.POSITIVE_INFINITY);
    const broken = await runEdgeCases(cases, quantized, original);
    expect(broken.filter(({ passed }) => !passed).map(({ name }) => name)).toContain('infinity');
  });
});

describe('OutOfRangeSamples', () => {
  it('keeps the samples that leave the range farthest', () => {
    const seen = new OutOfRangeSamples([{ value: 'x', range: { min: 0, max: 2 }, scale: 0.01 }], 2);
    [feed(1, 2), feed(0, 3), feed(-8, 1), feed(1, Number.NaN), feed(0, 2.5)].forEach((feeds, i) => {
      seen.add({ id: `s${i}`, feeds });
    });
    expect(seen.count).toBe(4);
    expect(seen.list().map(({ id, position, excess }) => [id, position, excess])).toEqual([
      ['s3', 1, Number.POSITIVE_INFINITY],
      ['s2', 0, 4],
    ]);
  });
});
