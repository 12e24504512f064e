import type { ObserverName, RealRange } from '@octavo/core/quant';
import { float32 } from '@octavo/core/tensor';
import { describe, expect, it } from 'vitest';
import { codeOf, modelOf, onReference } from '../tests/run-models.js';
import { type CalibrationOptions, type CalibrationSample, calibrate } from './calibrate.js';
import type { ActivationPrecision } from './precision.js';

const MODEL = `graph opset 17 {
  input %x: float32[n]
  %y: float32[n] = Neg(%x)
  output %y
}`;

function sampleOf(...values: number[]): CalibrationSample {
  return { feeds: { x: float32(values) } };
}

const precision = (observer: ObserverName): ActivationPrecision => ({
  dtype: 'uint8',
  symmetric: false,
  observer,
});

async function run(
  samples: AsyncIterable<CalibrationSample> | Iterable<CalibrationSample>,
  observer: ObserverName = 'minmax',
  options: Partial<CalibrationOptions> = {},
) {
  const watched = new Map(['x', 'y'].map((name) => [name, new Set([observer])]));
  const calibration = await calibrate(modelOf(MODEL), watched, samples, {
    createSession: onReference,
    ...options,
  });
  const range = (name: string): RealRange => calibration.range(name, precision(observer));
  return { samples: calibration.samples, x: range('x'), y: range('y') };
}

describe('calibrate', () => {
  it('observes inputs and intermediate values over samples of any length', async () => {
    const { x, y, samples } = await run([sampleOf(1, 2, 3), sampleOf(-5, 0)]);
    expect([x, y]).toEqual([
      { min: -5, max: 3 },
      { min: -3, max: 5 },
    ]);
    expect(samples).toBe(2);
  });

  it('takes the mean of the ranges of samples for the moving average', async () => {
    const { x } = await run([sampleOf(0, 4), sampleOf(-2, 2)], 'moving-average');
    expect(x).toEqual({ min: -1, max: 3 });
  });

  it('refuses to calibrate on nothing', async () => {
    expect(await codeOf(run([]))).toBe('CALIBRATION_EMPTY');
  });

  it('names the sample and the tensor that hold NaN or infinity', async () => {
    const samples = [sampleOf(1), { ...sampleOf(1, Number.NaN), id: 'sales.csv:17' }];
    await expect(run(samples)).rejects.toMatchObject({
      code: 'CALIBRATION_NAN',
      where: 'sales.csv:17, tensor x',
    });
    await expect(run([sampleOf(1), sampleOf(Number.NEGATIVE_INFINITY)])).rejects.toMatchObject({
      code: 'CALIBRATION_NAN',
      where: 'sample 1, tensor x',
    });
  });

  it('names a tensor that no sample gave a value of', async () => {
    await expect(run([sampleOf()])).rejects.toMatchObject({ code: 'CALIBRATION_UNSEEN', where: 'tensor x' });
  });

  it('reports each sample and stops between samples when asked', async () => {
    const controller = new AbortController();
    const seen: number[] = [];
    let drawn = 0;
    const samples = (function* () {
      for (; ; drawn++) yield sampleOf(drawn);
    })();
    const onSample = (count: number): void => {
      seen.push(count);
      if (count === 3) controller.abort(new Error('enough'));
    };
    await expect(run(samples, 'minmax', { signal: controller.signal, onSample })).rejects.toThrow('enough');
    expect(seen).toEqual([1, 2, 3]);
    expect(drawn).toBe(3);
  });

  it('passes on what the session refuses', async () => {
    expect(await codeOf(run([{ feeds: {} }]))).toBe('FEED_MISSING');
  });
});
