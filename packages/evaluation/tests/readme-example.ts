import type { Dataset } from '@octavo/datasets';
import { evaluate, metricNamed, parseSegmentation, scoreSamples } from '@octavo/evaluation';
import type { Session } from '@octavo/runtime';

export async function judge(original: Session, quantized: Session, data: Dataset) {
  const metric = metricNamed('mape');
  const before = await scoreSamples(original, data.samples(), { metric });
  const after = await scoreSamples(quantized, data.samples(), { metric });
  const segmentations = [parseSegmentation('label:quantile4'), parseSegmentation('region')];
  const { overall, segments } = evaluate(metric, after, { original: before, segmentations });
  const worseForSure = (overall.original?.interval.low ?? 0) > 0.01;
  return { overall, segments, worseForSure };
}
