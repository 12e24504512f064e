import { print } from '@octavo/core/ir';
import { float32 } from '@octavo/core/tensor';
import { describe, expect, it } from 'vitest';
import { modelOf, normals, onReference, quantize, runOnReference, weights } from '../tests/run-models.js';
import { type CalibrationSample, calibrate } from './calibrate.js';
import type { ActivationPrecision } from './precision.js';

/** What other calibrators get wrong, on the same kinds of data. */
const COPY = `graph opset 17 {
  input %x: float32[n]
  %y: float32[n] = Neg(%x)
  output %y
}`;

const eightBits = (observer: ActivationPrecision['observer']): ActivationPrecision => ({
  dtype: 'uint8',
  symmetric: false,
  observer,
});

const samplesOf = (...values: (Float32Array | number[])[]): CalibrationSample[] =>
  values.map((each) => ({ feeds: { x: float32(each, [each.length]) } }));

const observe = (samples: CalibrationSample[], observer: 'mse' | 'minmax' | 'entropy') =>
  calibrate(modelOf(COPY), new Map([['x', new Set([observer])]]), samples, { createSession: onReference });

/** Numbers of Student's t distribution with 2 degrees of freedom: heavy tails. */
function heavyTailed(count: number, seed: number): Float32Array {
  const [top, first, second] = [normals(count, seed), normals(count, seed + 1), normals(count, seed + 2)];
  return top.map((value, i) => value / Math.sqrt(((first[i] ?? 1) ** 2 + (second[i] ?? 1) ** 2) / 2));
}

describe('calibration', () => {
  it('by entropy is a search: it cuts heavy tails that min-max keeps', async () => {
    const calibration = await observe(samplesOf(heavyTailed(20_000, 1), heavyTailed(20_000, 9)), 'entropy');
    const [entropy, widest] = [
      calibration.range('x', eightBits('entropy')),
      calibration.range('x', eightBits('minmax')),
    ];
    expect(widest.max - widest.min).toBeGreaterThan(80);
    expect(entropy.max - entropy.min).toBeLessThan(0.75 * (widest.max - widest.min));
  });

  it('counts every sample, however many there are', async () => {
    const ten = Array.from({ length: 10 }, (_, i) => [i === 7 ? 100 : i]);
    expect((await observe(samplesOf(...ten), 'minmax')).range('x', eightBits('minmax')).max).toBe(100);
  });

  it('keeps as much for ten thousand samples as for ten', async () => {
    const size = async (count: number) => {
      const samples = Array.from({ length: count }, (_, i) => normals(64, i + 1));
      return JSON.stringify(await observe(samplesOf(...samples), 'mse')).length;
    };
    const [few, many] = [await size(100), await size(2000)];
    expect(many).toBeLessThan(4096 * 8);
    expect(many).toBeLessThan(few * 3);
  });

  it('takes samples of different lengths', async () => {
    const calibration = await observe(samplesOf([1], [1, 2, 3], new Float32Array(1000).fill(-4)), 'mse');
    expect(calibration.range('x', eightBits('minmax'))).toEqual({ min: -4, max: 3 });
    expect(calibration.samples).toBe(3);
  });

  it('gives the same for single samples, batches and any order', async () => {
    const rows = Array.from({ length: 12 }, (_, i) => normals(8, i + 1));
    const run = async (samples: CalibrationSample[]): Promise<string> => {
      const calibration = await calibrate(
        modelOf(COPY.replaceAll('[n]', '[b, n]')),
        new Map([['x', new Set(['mse', 'moving-average'] as const)]]),
        samples,
        { createSession: onReference },
      );
      return JSON.stringify(calibration);
    };
    const single = rows.map((row) => ({ feeds: { x: float32(row, [1, 8]) } }));
    const batches = [0, 4, 8].map((at) => ({
      count: 4,
      feeds: {
        x: float32(
          rows.slice(at, at + 4).flatMap((row) => [...row]),
          [4, 8],
        ),
      },
    }));
    expect(await run(batches)).toBe(await run(single));
    expect(await run([...single].reverse())).toBe(await run(single));
  });

  it('writes no zero points for int32 biases', async () => {
    const source = modelOf(`graph opset 17 {
      input %x: float32[2, 6]
      ${weights('w', [6, 6], 1, 6)}
      ${weights('b', [6], 2, 4)}
      %y = Gemm(%x, %w, %b)
      output %y
    }`);
    const { model } = await quantize(source);
    const biases = model.graph.nodes.filter((node) => node.inputs[0]?.dtype === 'int32');
    expect(biases.map((node) => node.inputs.length)).toEqual([2]);
    expect(print(model.graph)).not.toMatch(/zero_point[^\n]*int32/);
  });

  it('leaves wide inputs of layers in float, and says so', async () => {
    const source = modelOf(`graph opset 17 {
      input %x: float32[1, 64]
      ${weights('w', [64, 16], 1, 64)}
      %y = MatMul(%x, %w)
      output %y
    }`);
    const wide = Array.from({ length: 8 }, (_, i) => {
      const values = normals(64, i + 1);
      values[0] = 2000 * (i === 0 ? 1 : 0.001);
      return { feeds: { x: float32(values, [1, 64]) } };
    });
    const { report, model } = await quantize(source, { leastSqnr: 60 }, { calibration: wide });
    expect(report.decisions).toMatchObject([
      {
        quantized: true,
        because: expect.stringMatching(/float activations: its input would have [\d.]+ dB in uint8/),
      },
    ]);
    expect(model.graph.sorted().map((node) => node.op.name)).toEqual(['DequantizeLinear', 'MatMul']);
    const { report: kept } = await quantize(source, { leastSqnr: 0 }, { calibration: wide });
    expect(kept.activations.map(({ value }) => value)).toEqual(['x']);
    expect((await runOnReference(model, wide[1]?.feeds ?? {}))['y']?.shape).toEqual([1, 16]);
  });
});
