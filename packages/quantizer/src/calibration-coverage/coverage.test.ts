import { float32 } from '@octavo/core/tensor';
import { describe, expect, it } from 'vitest';
import { modelOf, normals, onReference, weights } from '../../tests/run-models.js';
import { coverageWarnings, findGaps } from './coverage.js';
import { observeSet } from './observe-set.js';
import { type ProfiledSample, SampleProfile } from './sample-profile.js';

const sizes = [1, 2, 4, 8];

/** Houses of a region: features within 1, and a label. */
function houses(count: number, region: string, seed: number, factor = 1): ProfiledSample[] {
  return Array.from({ length: count }, (_, i) => ({
    id: `${region}:${i}`,
    feeds: {
      x: float32(
        normals(8, seed + i).map((value, k) => (k === 5 ? factor : 1) * Math.tanh(value)),
        [1, 8],
      ),
    },
    label: sizes[i % 4],
    columns: { region, price: 100 * (i + 1) },
  }));
}

const model = modelOf(`graph opset 21 {
  input %x: float32[N, 8]
  ${weights('w', [8, 6], 3, 8)}
  ${weights('v', [6, 2], 4, 6)}
  %h: float32[N, 6] = MatMul(%x, %w)
  %y: float32[N, 2] = MatMul(%h, %v)
  output %y
}`);

const observe = (samples: readonly ProfiledSample[]) =>
  observeSet(model, samples, { createSession: onReference });

const known = [...houses(40, 'north', 1), ...houses(40, 'south', 101)];

describe('coverage of validation data by a calibration set', () => {
  it('finds nothing in data of the same kind', async () => {
    const coverage = findGaps(await observe(known), await observe(houses(40, 'north', 501)));
    expect(coverage).toMatchObject({ calibrationSamples: 80, validationSamples: 40, unchecked: [] });
    expect(coverageWarnings(coverage)).toEqual([]);
  });

  it('names the feature, the activations, the sample and the segment that are not covered', async () => {
    const strangers = houses(10, 'coast', 901, 5);
    const coverage = findGaps(
      await observe(known),
      await observe([...houses(40, 'north', 501), ...strangers]),
    );
    expect(coverage.inputs).toMatchObject([
      { value: 'x', feature: 5, sample: expect.stringMatching(/^coast:/) },
    ]);
    expect(coverage.activations.map(({ value }) => value).sort()).toEqual(['h', 'x']);
    for (const { share, excess } of coverage.activations) {
      expect(excess).toBeGreaterThan(0.25);
      expect(share).toBeGreaterThan(0.001);
    }
    expect(coverage.segments).toEqual([{ by: 'region', segment: 'coast', calibration: 0, validation: 10 }]);
    const [inputs, activations, segments] = coverageWarnings(coverage);
    expect(inputs).toMatch(/x\[5\]: -?[\d.]+ to [\d.]+, calibrated on .* \(coast:\d\)/);
    expect(activations).toMatch(/h: .* of its numbers/);
    expect(segments).toContain('region "coast" has 0 for 10');
  });

  it('divides both sets by the quantiles of the validation data, and counts segments that are too small', () => {
    const [calibration, validation] = [new SampleProfile(), new SampleProfile()];
    for (const sample of houses(80, 'north', 1)) calibration.add(sample);
    for (const sample of houses(16, 'north', 1))
      validation.add({ ...sample, columns: { price: Number(sample.columns?.['price']) * 1000 } });
    const { segments, unchecked } = findGaps({ profile: calibration }, { profile: validation }, [
      'price:quantile2',
    ]);
    expect(segments).toEqual([
      { by: 'price:quantile2', segment: 'price >= 900,000', calibration: 0, validation: 8 },
    ]);
    expect(unchecked).toEqual(['activations: they were not observed on both sets']);
  });

  it('says which segments the data have no columns for', () => {
    const [calibration, validation] = [new SampleProfile(), new SampleProfile()];
    for (const sample of known) {
      calibration.add({ ...sample, columns: {} });
      validation.add(sample);
    }
    const { segments, unchecked } = findGaps({ profile: calibration }, { profile: validation }, [
      'region',
      'label',
    ]);
    expect(segments).toEqual([]);
    expect(unchecked[1]).toContain('region: north:0: it has no column region');
    expect(() => findGaps({ profile: calibration }, { profile: validation }, [':'])).toThrow(/no segment/);
  });

  it('says which inputs have no numbers to compare with, or rows of another width', () => {
    const profileOf = (...rows: readonly (readonly number[])[]): SampleProfile => {
      const profile = new SampleProfile();
      for (const row of rows) profile.add({ feeds: { x: float32(row, [1, row.length]) } });
      return profile;
    };
    const { NaN: nan } = Number;
    const gaps = (calibration: SampleProfile, validation: SampleProfile) =>
      findGaps({ profile: calibration }, { profile: validation }, ['label']);
    const missing = gaps(profileOf([nan, 0], [nan, 1]), profileOf([5, 9], [nan, 0]));
    expect(missing.unchecked).toContain('x[0]: the calibration set has no numbers');
    expect(missing.inputs).toMatchObject([{ value: 'x', feature: 1, excess: 8 }]);
    expect(gaps(profileOf([1, 0]), profileOf([nan, 0])).unchecked.join()).not.toContain('x');
    const narrow = gaps(profileOf([1, 2, 3]), profileOf([1, 2]));
    expect(narrow.unchecked).toContain(
      'x: rows of 3 features in the calibration set, rows of 2 features in the validation data',
    );
    expect(gaps(new SampleProfile(), profileOf([1])).unchecked.join()).toContain(
      'x: none in the calibration set',
    );
  });

  it('treats images and rows of changing width as a whole, whatever the order of the samples', () => {
    const profileOf = (shapes: readonly (readonly number[])[]): SampleProfile => {
      const profile = new SampleProfile();
      shapes.forEach((shape, i) => {
        const size = shape.reduce((a, b) => a * b, 1);
        profile.add({ feeds: { x: float32(new Float32Array(size).fill(i - 1), shape) } });
      });
      return profile;
    };
    for (const shapes of [
      [
        [1, 3],
        [1, 4],
        [2, 3],
      ],
      [
        [1, 2, 2],
        [1, 2, 2],
        [1, 2, 2],
      ],
    ])
      expect(profileOf(shapes).inputs.get('x')).toEqual([
        { min: -1, max: 1, minSample: 'sample 0', maxSample: 'sample 2' },
      ]);
    expect(
      profileOf([
        [1, 3],
        [2, 3],
      ]).inputs.get('x'),
    ).toHaveLength(3);
  });
});
