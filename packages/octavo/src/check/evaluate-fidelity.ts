import {
  type Evaluation,
  evaluate,
  fidelityMetrics,
  type ModelScores,
  type Segmentation,
} from '@octavo/evaluation';

/**
 * How close outputs are to the original's by each fidelity metric, overall and by segment. Samples without a label, or with one
 * for each of their rows, are not divided by it, unless that is demanded.
 */
export function evaluateFidelity<S extends Segmentation & { readonly spec: string }>(
  fidelity: ModelScores['fidelity'],
  segmentations: readonly S[],
  demanded: ReadonlySet<string> = new Set(),
): Evaluation[] {
  return fidelityMetrics.map((metric) => {
    const scored = fidelity.get(metric.name) ?? [];
    const isLabelled = scored.every(({ label }) => !Number.isNaN(label));
    const named = segmentations.filter(
      ({ column, spec }) => column !== 'label' || isLabelled || demanded.has(spec),
    );
    return evaluate(metric, scored, { segmentations: named });
  });
}
