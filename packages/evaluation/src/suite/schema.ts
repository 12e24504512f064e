import * as v from 'valibot';
import { fidelityMetrics, metrics } from '../metrics/index.js';
import { outputTransforms } from '../score-rows.js';

const name = v.pipe(v.string(), v.minLength(1));
const finite = v.pipe(v.number(), v.finite());
const positive = v.pipe(v.number(), v.finite(), v.gtValue(0));
const share = v.pipe(v.number(), v.minValue(0), v.maxValue(1));
const count = v.pipe(v.number(), v.safeInteger(), v.minValue(1));
const metricName = v.union([
  v.picklist(metrics.map((metric) => metric.name)),
  v.pipe(
    v.string(),
    v.regex(
      /^top[1-9][0-9]{0,5}$/,
      `expected one of ${metrics.map((metric) => metric.name).join(', ')}, or top and a number`,
    ),
  ),
]);
const segment = v.pipe(
  name,
  v.description('region, zip:prefix3, date:month, date:quarter, date:year, price:quantile4 or price:100,200'),
);
const segments = v.pipe(
  v.array(segment),
  v.minLength(1),
  v.description('Judge every segment of these alone; without it all samples together.'),
);
const judge = v.pipe(
  v.picklist(['interval', 'value']),
  v.description(
    'interval (default): a limit on retention or drop is broken when the lower end of the 95% interval of the drop is beyond it; value: when the figure itself is.',
  ),
);

/** Limits of one metric against labels. */
const accuracyGate = v.strictObject({
  metric: v.optional(v.pipe(metricName, v.description('Default: the first of metrics.'))),
  segments: v.optional(segments),
  minRetention: v.optional(
    v.pipe(positive, v.description('Least share of the original that is kept, e.g. 0.99.')),
  ),
  maxDrop: v.optional(
    v.pipe(finite, v.description('Largest loss: points for scores (0.01 is one point), a share for errors.')),
  ),
  min: v.optional(v.pipe(finite, v.description('Least value of the metric itself.'))),
  max: v.optional(v.pipe(finite, v.description('Largest value of the metric itself.'))),
  judge: v.optional(judge),
});

/** Limits of how close outputs are to the original's. */
const fidelityGate = v.strictObject({
  metric: v.picklist(fidelityMetrics.map((metric) => metric.name)),
  segments: v.optional(segments),
  min: v.optional(finite),
  max: v.optional(finite),
});

const performanceGate = v.strictObject({
  minSpeedup: v.optional(v.pipe(positive, v.description('Median latency, original / quantized.'))),
  minThroughputRatio: v.optional(v.pipe(positive, v.description('Quantized / original.'))),
  maxLatencyMs: v.optional(v.pipe(positive, v.description('Median.'))),
  maxP95Ms: v.optional(positive),
  maxSizeRatio: v.optional(v.pipe(positive, v.description('Bytes on disk, quantized / original.'))),
  maxMemoryRatio: v.optional(v.pipe(positive, v.description('Peak memory, quantized / original.'))),
});

const stabilityGate = v.strictObject({
  maxSaturated: v.optional(
    v.pipe(
      share,
      v.description('Largest share of the elements of any activation that lie outside its range.'),
    ),
  ),
  maxWeightsAtLimits: v.optional(
    v.pipe(share, v.description('Largest share of the elements of any weight at the ends of its integers.')),
  ),
  minWeightSqnr: v.optional(v.pipe(finite, v.description('Least SQNR of any weight, dB.'))),
  minLayerSqnr: v.optional(
    v.pipe(finite, v.description('Least SQNR of any value that both models compute, dB.')),
  ),
  deterministic: v.optional(
    v.pipe(v.boolean(), v.description('Whether outputs must have equal bits over runs and threads.')),
  ),
  finiteEdgeCases: v.optional(
    v.pipe(
      v.boolean(),
      v.description('Whether outputs must be finite wherever the original gives finite ones.'),
    ),
  ),
});

const domain = v.strictObject({
  priceRange: v.optional(
    v.pipe(
      v.array(
        v.strictObject({
          by: segment,
          metric: v.optional(metricName),
          max: v.optional(v.pipe(finite, v.description('Largest value of the metric in any band.'))),
          min: v.optional(v.pipe(finite, v.description('Least value of the metric in any band.'))),
          maxDrop: v.optional(v.pipe(finite, v.description('Largest loss in any band.'))),
          minRetention: v.optional(positive),
          judge: v.optional(judge),
        }),
      ),
      v.description('Error by band of the label, e.g. label:0,250000,500000.'),
    ),
  ),
  geography: v.optional(
    v.pipe(
      v.strictObject({
        region: v.optional(v.pipe(segment, v.description('Segments that are regions, e.g. zip:prefix3.'))),
        latitude: v.optional(name),
        longitude: v.optional(name),
        neighbours: v.optional(v.pipe(count, v.description('Samples in a neighbourhood; default 20.'))),
        maxBias: v.pipe(
          positive,
          v.description('Largest mean relative change of the predictions of a region or neighbourhood.'),
        ),
      }),
      v.description('Whether quantization moves the predictions of a place one way.'),
    ),
  ),
  time: v.optional(
    v.pipe(
      v.strictObject({
        period: v.pipe(segment, v.description('Segments in the order of time, e.g. date:month.')),
        maxBias: v.optional(v.pipe(positive, v.description('As for geography, of any period.'))),
        maxTrend: v.optional(
          v.pipe(
            positive,
            v.description('Largest slope of the mean relative change, by period (least squares).'),
          ),
        ),
        maxDropSpread: v.optional(
          v.pipe(positive, v.description('Largest difference of the drop of two periods.')),
        ),
      }),
      v.description('Whether what quantization costs drifts over time.'),
    ),
  ),
});

/** The description of a suite: what to measure a model on, and the limits it must keep. */
export const SUITE_SCHEMA = v.strictObject({
  $schema: v.optional(v.string()),
  name: v.optional(name),
  data: v.pipe(name, v.description('Labelled samples; relative to the suite file.')),
  preprocess: v.optional(v.pipe(name, v.description('Preprocessing file; relative to the suite file.'))),
  label: v.optional(v.pipe(name, v.description('Column or array with the labels.'))),
  samples: v.optional(v.pipe(count, v.description('Use at most so many samples.'))),
  seed: v.optional(v.pipe(v.number(), v.safeInteger(), v.minValue(0))),
  output: v.optional(v.pipe(name, v.description('Output to score; default the first.'))),
  transform: v.optional(v.picklist([...outputTransforms])),
  metrics: v.optional(v.pipe(v.array(metricName), v.minLength(1))),
  segments: v.optional(
    v.pipe(v.array(segment), v.description('Reported, whether or not a gate judges them.')),
  ),
  minSamples: v.optional(
    v.pipe(count, v.description('Segments with fewer samples are reported but not judged; default 30.')),
  ),
  accuracy: v.optional(v.array(accuracyGate)),
  fidelity: v.optional(v.array(fidelityGate)),
  performance: v.optional(performanceGate),
  stability: v.optional(stabilityGate),
  domain: v.optional(domain),
  snapshot: v.optional(
    v.pipe(
      v.strictObject({
        quality: v.optional(
          v.pipe(share, v.description('Largest loss of retention since the snapshot; default 0.005.')),
        ),
        size: v.optional(v.pipe(share, v.description('Largest growth of the file; default 0.01.'))),
        latency: v.optional(
          v.pipe(
            positive,
            v.description('Largest growth of latency / latency of the original; default 0.25.'),
          ),
        ),
      }),
      v.description('How much worse than the committed snapshot is too much.'),
    ),
  ),
});

export type Suite = v.InferOutput<typeof SUITE_SCHEMA>;
export type AccuracyGate = v.InferOutput<typeof accuracyGate>;
export type FidelityGate = v.InferOutput<typeof fidelityGate>;
export type PerformanceGate = v.InferOutput<typeof performanceGate>;
export type StabilityGate = v.InferOutput<typeof stabilityGate>;
export type DomainGates = v.InferOutput<typeof domain>;
