import type { Figure } from '@octavo/evaluation';
import { renderHtml } from '@octavo/evaluation/report';
import { describe, expect, it } from 'vitest';
import { measureAgreement } from './agreement.js';
import type { DemoReport } from './demo-report.js';
import { describeReport } from './describe-report.js';
import { orderSegments } from './order-segments.js';
import { formatTextReport } from './text-report.js';

const figure: Figure = {
  count: 40,
  value: 0.11,
  interval: { low: 0.1, high: 0.12 },
  original: { value: 0.1, retention: 0.909, drop: 0.1, interval: { low: -0.02, high: 0.2 } },
};

const report: DemoReport = {
  machine: { cpu: 'A <fast> CPU & more', platform: 'linux x64', node: 'v20.19.0' },
  calibrationSamples: 100,
  observer: 'minmax',
  sizes: { float: 26000, int8: 13000 },
  evaluation: {
    metric: 'mape',
    higherIsBetter: false,
    unit: '%',
    overall: figure,
    segments: [
      {
        by: 'price_band',
        segments: [
          { name: 'dear', ...figure },
          { name: 'cheap', ...figure },
        ],
      },
    ],
  },
  agreement: { mean: 0.01, p95: 0.03, largest: 0.2, sqnr: 51.26 },
  latencies: [
    { backend: 'cpu', model: 'int8', median: 4.2, p95: 1500, runs: 100, nodes: { cpu: 5, reference: 4 } },
    { backend: 'onnxruntime', unavailable: 'it is not installed.' },
  ],
  placements: [{ node: 'dense_0', op: 'Gemm', dtype: 'uint8', backend: 'cpu', kernel: 'gemm_u8s8' }],
  stayedFloat: [{ node: 'dense_2', because: 'excluded' }],
};

describe('formatTextReport', () => {
  it('prints errors, retention, size and latency by backend', () => {
    expect(formatTextReport(report)).toMatchInlineSnapshot(`
      "Accuracy on the validation sales: mean absolute percentage error (MAPE) against the price paid

                           sales  float MAPE  INT8 MAPE  retention  change   95% interval of the change
        all sales          40     10.00%      11.00%     90.90%     +10.00%  -2.00% to +20.00%
        price_band: dear   40     10.00%      11.00%     90.90%     +10.00%  -2.00% to +20.00%
        price_band: cheap  40     10.00%      11.00%     90.90%     +10.00%  -2.00% to +20.00%

      INT8 against float valuations: mean difference 1.00%, 95% within 3.00%, largest 20.00%, SQNR 51.3 dB

      Size: float 26.0 KB, INT8 13.0 KB (2.00x smaller)

      Latency of one valuation

        backend      model  median  95th percentile  nodes
        cpu          int8   4.2 µs  1.50 ms          cpu 5, reference 4
        onnxruntime  it is not installed.

      Where the INT8 model runs

        dense_0  Gemm  uint8  cpu  gemm_u8s8"
    `);
  });
});

describe('describeReport', () => {
  const html = renderHtml(describeReport(report));

  it('draws a chart for each segmentation, the sizes and the latencies', () => {
    expect(html.match(/<figure>/g)).toHaveLength(3);
  });

  it('says which backends did not run and which nodes stayed float', () => {
    expect(html).toContain('it is not installed.');
    expect(html).toContain('dense_2 stayed float: excluded');
  });

  it('loads nothing from elsewhere', () => {
    // Links within the page are all there are.
    expect(html).not.toMatch(/ src=| href="(?!#)|@import|url\(|<script/);
  });
});

describe('orderSegments', () => {
  it('follows the names given, and leaves other segmentations alone', () => {
    const names = (order: Readonly<Record<string, readonly string[]>>): unknown =>
      orderSegments(report.evaluation, order).segments[0]?.segments.map(({ name }) => name);
    expect(names({ price_band: ['cheap', 'dear'] })).toEqual(['cheap', 'dear']);
    expect(names({ region: ['cheap', 'dear'] })).toEqual(['dear', 'cheap']);
  });
});

describe('measureAgreement', () => {
  it('measures relative differences and the noise of the logarithm', () => {
    const valuations = [
      { price: 1, float: 100, int8: 110 },
      { price: 1, float: 200, int8: 190 },
    ];
    const { mean, largest, sqnr } = measureAgreement(valuations);
    expect(mean).toBeCloseTo(0.075, 12);
    expect(largest).toBeCloseTo(0.1, 12);
    const signal = Math.log(100) ** 2 + Math.log(200) ** 2;
    const noise = Math.log(1.1) ** 2 + Math.log(0.95) ** 2;
    expect(sqnr).toBeCloseTo(10 * Math.log10(signal / noise), 10);
  });
});
